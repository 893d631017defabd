module conclave.dev/cluster

go 1.19

require conclave.dev/go/conclave v0.0.0

replace conclave.dev/go/conclave => ../../../../bindings/go

module conclave.dev/go/conclave

go 1.19

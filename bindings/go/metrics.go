package conclave

// #include <conclave.h>
import "C"

import (
	"regexp"
	"runtime"
)

// Unit says what a metric's value counts.
type Unit uint32

// Metric is one number that a group keeps about itself.
type Metric struct {
	Name      string            // the one that Prometheus knows, the same in every version
	Labels    map[string]string // tell several metrics of one name apart
	Help      string
	IsCounter bool // it only grows; otherwise it is as of now
	Unit      Unit
	Value     uint64 // times are milliseconds
}

var labelPattern = regexp.MustCompile(`(\w+)="([^"]*)"`)

// Metrics returns every number that the group keeps about itself, as of now.
func (group *Group) Metrics() (metrics []Metric, err error) {
	defer runtime.KeepAlive(group)
	err = group.membership.read(func(handle *C.conclave_group) error {
		for index := C.size_t(0); ; index++ {
			native := C.conclave_metric{size: C.sizeof_conclave_metric}
			switch status := C.conclave_group_metric(handle, index, &native); status {
			case C.CONCLAVE_OK:
				metrics = append(metrics, metricFrom(&native))
			case C.CONCLAVE_E_NOT_FOUND:
				return nil
			default:
				return failureWith(status, C.conclave_group_message(handle))
			}
		}
	})
	return metrics, err
}

func metricFrom(native *C.conclave_metric) Metric {
	labels := map[string]string{}
	for _, pair := range labelPattern.FindAllStringSubmatch(C.GoString(native.labels), -1) {
		labels[pair[1]] = pair[2]
	}
	return Metric{
		Name:      C.GoString(native.name),
		Labels:    labels,
		Help:      C.GoString(native.help),
		IsCounter: bool(native.is_counter),
		Unit:      Unit(native.unit),
		Value:     uint64(native.value),
	}
}

// MetricsText returns the same in Prometheus' text format, labelled with the group's and the member's name.
func (group *Group) MetricsText() (text string, err error) {
	defer runtime.KeepAlive(group)
	err = group.membership.read(func(handle *C.conclave_group) error {
		var lent *C.char
		var size C.size_t
		if status := C.conclave_group_metrics_text(handle, &lent, &size); status != C.CONCLAVE_OK {
			return failureWith(status, C.conclave_group_message(handle))
		}
		text = C.GoStringN(lent, C.int(size))
		return nil
	})
	return text, err
}

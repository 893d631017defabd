package conclave

import (
	"runtime"
	"strings"
	"sync"
	"testing"
)

// value finds the metric of a name and of labels.
func value(t *testing.T, group *Group, name string, labels ...string) uint64 {
	t.Helper()
	metrics, err := group.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range metrics {
		if metric.Name != name || len(metric.Labels) != len(labels)/2 {
			continue
		}
		matches := true
		for index := 0; index < len(labels); index += 2 {
			matches = matches && metric.Labels[labels[index]] == labels[index+1]
		}
		if matches {
			return metric.Value
		}
	}
	t.Fatalf("no metric %s %v among %v", name, labels, metrics)
	return 0
}

func TestMetricsFollowWhatHappens(t *testing.T) {
	groups := newRoom(t, "ada", "barbara").joinAll()
	if err := groups[0].Send(Agreed, []byte("four")); err != nil {
		t.Fatal(err)
	}
	awaitEvent(t, groups[1], message("four"))
	if sent := value(t, groups[0], "conclave_message_bytes_total", "direction", "sent"); sent != 4 {
		t.Errorf("%d bytes sent", sent)
	}
	if received := value(t, groups[1], "conclave_messages_total", "direction", "received"); received != 1 {
		t.Errorf("%d messages received", received)
	}
	counters, err := groups[0].Counters()
	if err != nil {
		t.Fatal(err)
	}
	if found := value(t, groups[0], "conclave_exponentiations_total"); found != counters.Exponentiations {
		t.Errorf("%d exponentiations, not %d", found, counters.Exponentiations)
	}
	text, err := groups[0].MetricsText()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"# TYPE conclave_members gauge\n", "member=\"ada\"} 2\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
}

func TestLogIsSilentUntilItIsAsked(t *testing.T) {
	groups := newRoom(t, "ada", "barbara").joinAll()
	view, err := groups[1].View()
	if err != nil {
		t.Fatal(err)
	}
	var lock sync.Mutex
	var lines []string
	tell := func(level LogLevel, line string) {
		lock.Lock()
		defer lock.Unlock()
		if level < LogWarning || level > LogInfo {
			t.Errorf("a line of level %d: %s", level, line)
		}
		lines = append(lines, line)
	}
	if err := groups[0].SetLog(LogInfo, tell); err != nil {
		t.Fatal(err)
	}
	if err := groups[1].Refresh(); err != nil {
		t.Fatal(err)
	}
	view = awaitViews(t, groups, 2, view.Counter)
	if err := groups[0].SetLog(LogNone, nil); err != nil {
		t.Fatal(err)
	}
	lock.Lock()
	count := len(lines)
	if !strings.Contains(strings.Join(lines, "\n"), "secure view") {
		t.Errorf("the log has no secure view: %v", lines)
	}
	lock.Unlock()
	if err := groups[1].Refresh(); err != nil {
		t.Fatal(err)
	}
	awaitViews(t, groups, 2, view.Counter)
	lock.Lock()
	defer lock.Unlock()
	if len(lines) != count {
		t.Errorf("told after the end: %v", lines[count:])
	}
	if err := groups[0].SetLog(7, tell); err == nil {
		t.Error("a level that does not exist was taken")
	}
}

// A program that recovers from panics, as net/http does, goes on with a group that goes on.
func TestLogThatPanicsLeavesTheGroupWhole(t *testing.T) {
	groups := newRoom(t, "ada", "barbara").joinAll()
	view, err := groups[0].View()
	if err != nil {
		t.Fatal(err)
	}
	tell := func(LogLevel, string) {
		stack := make([]byte, 1<<16)
		// Not in the goroutine of the group, where nobody recovers.
		if strings.Contains(string(stack[:runtime.Stack(stack, false)]), "Group).Refresh") {
			panic("the log is full")
		}
	}
	if err := groups[0].SetLog(LogDebug, tell); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if reason := recover(); reason != "the log is full" {
				t.Errorf("the call ended with %v", reason)
			}
		}()
		_ = groups[0].Refresh()
	}()
	awaitViews(t, groups, 2, view.Counter)
	if err := groups[0].SetLog(LogNone, nil); err != nil {
		t.Error(err)
	}
}

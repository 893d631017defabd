package conclave

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startHub runs a hub in the background until the test ends, or until stop is called.
func startHub(t *testing.T, path string) (stop func()) {
	t.Helper()
	hub, err := NewHub(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- hub.Run(context.Background()) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			_ = hub.Close()
			if err := <-done; !errors.Is(err, ErrClosed) {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func TestHubEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub")
	hub, err := NewHub(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewHub(path, nil); !errors.Is(err, ErrAddressInUse) || !errors.Is(err, ErrTransport) {
		t.Errorf("a second hub: %v", err)
	}
	for round := 0; round < 3; round++ {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		if err := hub.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run ended with %v", err)
		}
		cancel()
	}
	if counters, err := hub.Counters(); err != nil || counters != (HubCounters{}) {
		t.Errorf("%+v %v", counters, err)
	}
	_, _ = hub.Close(), hub.Close()
	if err := hub.Run(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("Run after Close: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestHubCloseEndsRun(t *testing.T) {
	for round := 0; round < 20; round++ {
		stop := startHub(t, filepath.Join(t.TempDir(), "hub"))
		if round%2 == 0 {
			time.Sleep(time.Millisecond)
		}
		stop()
	}
}

func TestHubOnASocketOfSomebodyElse(t *testing.T) {
	if _, err := AdoptHub(nil, nil); !errors.Is(err, ErrNullArgument) {
		t.Errorf("no listener: %v", err)
	}
	path := filepath.Join(t.TempDir(), "hub")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	if _, err := AdoptHub(listener, &HubOptions{}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("no clients: %v", err)
	}
	hub, err := AdoptHub(listener, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if _, err := AdoptHub(listener, nil); err == nil {
		t.Error("a closed listener is taken")
	}
	done := make(chan error, 1)
	go func() { done <- hub.Run(context.Background()) }()
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	for {
		counters, err := hub.Counters()
		if err != nil {
			t.Fatal(err)
		}
		if counters.Clients == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_, _ = client.Close(), hub.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("Run ended with %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file of the socket is gone: %v", err)
	}
}

func TestHubRefusals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub")
	if _, err := NewHub(path+"\x00", nil); !errors.Is(err, ErrBadText) {
		t.Errorf("a zero byte: %v", err)
	}
	if _, err := NewHub("", nil); !errors.Is(err, ErrBadText) {
		t.Errorf("an empty path: %v", err)
	}
	for _, change := range []func(*HubOptions){
		func(options *HubOptions) { options.QueueBytes = -1 },
		func(options *HubOptions) { options.ClientLimit = 0 },
		func(options *HubOptions) { options.StuckTimeout = -time.Second },
		func(options *HubOptions) { options.StuckTimeout = 1000 * time.Hour * 24 },
	} {
		options := DefaultHubOptions()
		change(&options)
		if hub, err := NewHub(path, &options); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%+v: %v", options, err)
			if err == nil {
				_ = hub.Close()
			}
		}
	}
}

// Run, when it has returned, wakes nobody any more: the pipe's number may be another file's by then.
func TestHubRunLeavesNobodyBehind(t *testing.T) {
	for round := 0; round < 200; round++ {
		hub, err := NewHub(filepath.Join(t.TempDir(), "hub"), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- hub.Run(ctx) }()
		go cancel()
		_ = hub.Close()
		number := hub.waiter.writing
		var pipe [2]int
		if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		<-done
		if err := hub.Run(ctx); !errors.Is(err, ErrClosed) {
			t.Errorf("Run after Close: %v", err)
		}
		time.Sleep(100 * time.Microsecond)
		var bytes [1]byte
		if count, _ := syscall.Read(pipe[0], bytes[:]); pipe[1] == number && count > 0 {
			t.Fatal("somebody wrote into a pipe that is not the hub's")
		}
		_ = syscall.Close(pipe[0])
		_ = syscall.Close(pipe[1])
	}
}

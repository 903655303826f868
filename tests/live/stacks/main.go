// SPDX-License-Identifier: MIT

// A program whose goroutines are blocked in every way there is. It writes to DIR: "ready" when all of them stand
// still, "dump" (as debug=2 of net/http/pprof) on SIGUSR1.
//
//	blocked DIR [COUNT]    with COUNT more goroutines that wait on a channel
//	blocked DIR churn      instead: goroutines that never hold still for long, with stacks that grow, shrink and move
package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	never    chan int         // nil
	forever  = make(chan int) // nobody sends
	unwanted = make(chan int) // nobody receives
	full     = make(chan int, 1)
	mu       sync.Mutex
	rw       sync.RWMutex
	readers  sync.RWMutex
	group    sync.WaitGroup
	cond     = sync.NewCond(new(sync.Mutex))
)

// further are the ways that some releases or compilers only know.
var further []func()

type thing struct{ name string }

func (t *thing) wait(n int) { <-forever }

func (t thing) value() { <-forever }

type waiter interface{ value() }

type outer struct{ *thing }

//go:noinline
func call(w waiter) { w.value() }

func inner3(c chan int) int { return <-c }
func inner2(c chan int) int { return inner3(c) + 1 }
func inner1(c chan int) int { return inner2(c) + 1 }

//go:noinline
func deep(n int) int {
	if n == 0 {
		<-forever
		return 0
	}
	return deep(n-1) + 1
}

//go:noinline
func large(n int) int {
	var room [4096]byte
	if n == 0 {
		<-forever
		return int(room[0])
	}
	return large(n-1) + int(room[n%len(room)])
}

func generic[K comparable, V any](m map[K]V, k K) V {
	<-forever
	return m[k]
}

type list[T any] struct{ items []T }

func (l *list[T]) each(f func(T)) {
	<-forever
	for _, i := range l.items {
		f(i)
	}
}

func recovers() {
	defer func() {
		if recover() != nil {
			<-forever
		}
	}()
	panic("a")
}

func panics() {
	defer func() { <-forever }()
	var m map[string]int
	m["x"]++
}

func nilPointer() {
	defer func() { <-forever }()
	var t *thing
	_ = t.name + "x"
}

func finalized() {
	t := &struct{ words [8]string }{}
	runtime.SetFinalizer(t, func(any) { <-forever })
}

func ways(dir string) []func() {
	t := &thing{"t"}
	read, write, _ := os.Pipe()
	_ = write
	var blocking [2]int
	_ = syscall.Pipe(blocking[:])
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		panic(err)
	}
	full <- 1
	mu.Lock()
	rw.Lock()
	readers.RLock()
	group.Add(1)
	return []func(){
		func() { unwanted <- 1 },
		func() { full <- 1 },
		func() { <-forever },
		func() {
			for range forever {
			}
		},
		func() { <-never },
		func() { never <- 1 },
		func() { select {} },
		func() {
			select {
			case <-forever:
			case unwanted <- 1:
			}
		},
		func() {
			select {
			case <-time.After(time.Hour):
			case <-context.Background().Done():
			}
		},
		func() { mu.Lock() },
		func() { mu.Lock() },
		func() { rw.Lock() },
		func() { rw.RLock() },
		func() { readers.Lock() },
		group.Wait,
		func() {
			cond.L.Lock()
			cond.Wait()
		},
		func() { time.Sleep(time.Hour) },
		func() { _, _ = listener.Accept() },
		func() { _, _ = read.Read(make([]byte, 1)) },
		func() { _, _ = syscall.Read(blocking[0], make([]byte, 1)) },
		func() {
			runtime.LockOSThread()
			<-forever
		},
		func() { t.wait(1) },
		t.value,
		func() { call(outer{t}) },
		func() { call(t) },
		func() { _ = inner1(forever) },
		func() { _ = deep(1000) },
		func() { _ = deep(100) },
		func() { _ = deep(97) },
		func() { _ = large(300) },
		func() { _ = generic(map[string]int{}, "x") },
		func() { (&list[map[string]int]{}).each(func(map[string]int) {}) },
		recovers,
		panics,
		nilPointer,
		func() {
			pprof.Do(context.Background(), pprof.Labels("a key", `a "value"`, "plain", "x/y_z.1"), func(context.Context) { <-forever })
		},
		func() {
			defer func() { <-forever }()
			runtime.Goexit()
		},
	}
}

//go:noinline
func pingPong(in, out chan int, depth int) {
	if depth > 0 {
		pingPong(in, out, depth-1)
		return
	}
	for n := range in {
		out <- n + 1
	}
}

func churn() {
	for i := 0; i < 200; i++ {
		a, b := make(chan int), make(chan int, 1)
		go pingPong(a, b, i)
		go pingPong(b, a, 200-i)
		a <- 0
	}
	for {
		for i := 0; i < 50; i++ {
			go deepAndBack(i * 4)
		}
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
}

//go:noinline
func deepAndBack(n int) int {
	if n == 0 {
		time.Sleep(time.Millisecond)
		return 0
	}
	return deepAndBack(n-1) + 1
}

func dump() []byte {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, 2)
	return b.Bytes()
}

func put(path string, content []byte) {
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		panic(err)
	}
}

func main() {
	debug.SetGCPercent(-1)
	dir := os.Args[1]
	if len(os.Args) > 2 && os.Args[2] == "churn" {
		put(filepath.Join(dir, "ready"), nil)
		churn()
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	for _, f := range append(ways(dir), further...) {
		go f()
	}
	if len(os.Args) > 2 {
		count, _ := strconv.Atoi(os.Args[2])
		for i := 0; i < count; i++ {
			go deep(i % 50)
		}
	}
	finalized()
	runtime.GC()
	// One is always running: this one.
	moving := regexp.MustCompile(`(?m)^goroutine \d+ [^\n]*\[(running|runnable)`)
	for len(moving.FindAll(dump(), 2)) > 1 {
		time.Sleep(10 * time.Millisecond)
	}
	put(filepath.Join(dir, "ready"), nil)
	for range signals {
		put(filepath.Join(dir, "dump"), dump())
	}
}

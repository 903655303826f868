// SPDX-License-Identifier: MIT

// A program for bench/stacks: COUNT parked goroutines and one that works without end on a thread of its own. For each
// line of standard input it answers with one: "count" with the work done so far, "dump" with the milliseconds that its
// own list of goroutines took (debug=2 of net/http/pprof, which is what gops asks for).
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var done atomic.Int64

func work(tid chan int) {
	runtime.LockOSThread()
	tid <- syscall.Gettid()
	x := uint64(1)
	for {
		for i := 0; i < 10000; i++ {
			x = x*6364136223846793005 + 1442695040888963407
		}
		done.Add(int64(1 + x&0))
	}
}

func wait(how, depth int, c chan int, mu *sync.Mutex) {
	if depth > 0 {
		wait(how, depth-1, c, mu)
		return
	}
	switch how {
	case 0:
		<-c
	case 1:
		mu.Lock()
	case 2:
		select {
		case <-c:
		case <-time.After(time.Hour):
		}
	}
}

func main() {
	debug.SetGCPercent(-1)
	count, _ := strconv.Atoi(os.Args[1])
	tid := make(chan int)
	c := make(chan int)
	var mu sync.Mutex
	mu.Lock()
	go work(tid)
	id := <-tid
	for i := 0; i < count; i++ {
		go wait(i%3, i%5, c, &mu)
	}
	time.Sleep(500 * time.Millisecond)
	fmt.Println("ready", id)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "count":
			fmt.Println(done.Load())
		case "dump":
			start := time.Now()
			_ = pprof.Lookup("goroutine").WriteTo(io.Discard, 2)
			fmt.Println(float64(time.Since(start).Nanoseconds()) / 1e6)
		}
	}
}

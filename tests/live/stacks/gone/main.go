// SPDX-License-Identifier: MIT

// A program that leaves a core file while goroutines run on processors: it says "ready" and waits for SIGQUIT, or ends by
// itself.
//
//	gone spin|panic|nil|deadlock
package main

import (
	"os"
	"runtime"
	"sync/atomic"
)

type node struct {
	next  *node
	count int
}

var turns atomic.Int64

//go:noinline
func spin(n *node, depth int) int {
	if depth > 0 {
		return spin(n, depth-1) + 1
	}
	for i := 0; ; i++ {
		n.count += i
		if i%1000 == 0 {
			turns.Add(1)
		}
	}
}

//go:noinline
func fail(how string, n *node) int {
	defer func() { turns.Add(1) }()
	if how == "panic" {
		panic("on purpose")
	}
	return n.next.next.count
}

func main() {
	how := os.Args[1]
	runtime.GOMAXPROCS(4)
	if how == "deadlock" {
		<-make(chan int)
	}
	for i := 0; i < 2; i++ {
		go spin(&node{}, i*3)
	}
	for turns.Load() < 1000 {
		runtime.Gosched()
	}
	if how != "spin" {
		done := make(chan int)
		go func() { done <- fail(how, &node{}) }()
		<-done
	}
	println("ready")
	select {}
}

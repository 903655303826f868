// SPDX-License-Identifier: MIT

// Goroutines that wait for each other in known ways. It prints, one a line, what is true of them, then "ready":
//
//	hold KIND ADDRESS PROOF ID...   of these, and of no others, so much is claimed: they have it or will release it
//	none KIND ADDRESS               nobody can be named for certain or likely
//	dead PROOF ID...                these wait for each other in a circle
//
//	why deadlocks|harmless
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

var (
	say      sync.Mutex
	lines    []string
	settled  sync.WaitGroup
	globalA  sync.Mutex
	globalB  sync.Mutex
	globalRW sync.RWMutex
	sink     int
	ends     []*os.File // that is garbage is closed
)

func id() int {
	var b [64]byte
	n := runtime.Stack(b[:], false)
	number, err := strconv.Atoi(string(bytes.Fields(b[:n])[1]))
	if err != nil {
		panic(err)
	}
	return number
}

func tell(format string, args ...any) {
	say.Lock()
	lines = append(lines, fmt.Sprintf(format, args...))
	say.Unlock()
}

// pair starts two functions and waits until both have told their number; each goes on when the other is there.
func pair(f, g func(me, other int)) {
	ids := [2]chan int{make(chan int, 2), make(chan int, 2)}
	settled.Add(2)
	start := func(i int, run func(me, other int)) {
		me := id()
		ids[i] <- me
		other := <-ids[1-i]
		settled.Done()
		run(me, other)
	}
	go start(0, f)
	go start(1, g)
}

type account struct {
	name string
	mu   sync.Mutex
	cash int
}

// meet lets two goroutines go on together, without any of the locks this is about.
type meet struct{ a, b chan struct{} }

func newMeet() *meet { return &meet{make(chan struct{}), make(chan struct{})} }

func (m *meet) first()  { close(m.a); <-m.b }
func (m *meet) second() { close(m.b); <-m.a }

//go:noinline
func deferred(from, to *sync.Mutex, together func()) {
	from.Lock()
	defer from.Unlock()
	together()
	to.Lock()
	defer to.Unlock()
	sink++
}

//go:noinline
func plain(from, to *account, together func()) {
	from.mu.Lock()
	together()
	to.mu.Lock()
	to.cash++
	to.mu.Unlock()
	from.cash--
	from.mu.Unlock()
}

//go:noinline
func pointers(from, to *sync.Mutex, together func()) {
	from.Lock()
	together()
	to.Lock()
	sink++
	to.Unlock()
	from.Unlock()
}

//go:noinline
func globalLeft(together func()) {
	globalA.Lock()
	together()
	globalB.Lock()
	sink++
	globalB.Unlock()
	globalA.Unlock()
}

//go:noinline
func globalRight(together func()) {
	globalB.Lock()
	together()
	globalA.Lock()
	sink++
	globalA.Unlock()
	globalB.Unlock()
}

//go:noinline
func inner(mu *sync.Mutex) {
	mu.Lock()
	sink++
	mu.Unlock()
}

//go:noinline
func outer(mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
	inner(mu)
	sink++
}

//go:noinline
func twice(a *account) {
	a.mu.Lock()
	inner(&a.mu)
	a.cash++
	a.mu.Unlock()
}

//go:noinline
func readAgain(rw *sync.RWMutex) {
	rw.RLock()
	defer rw.RUnlock()
	sink++
}

//go:noinline
func read(rw *sync.RWMutex, pending func()) {
	rw.RLock()
	defer rw.RUnlock()
	pending()
	readAgain(rw)
}

//go:noinline
func inLoop(locks []*sync.Mutex, next *sync.Mutex, together func()) {
	for _, mu := range locks {
		mu.Lock()
		defer mu.Unlock()
	}
	together()
	next.Lock()
	defer next.Unlock()
}

// writerPends is true when somebody waits in Lock for the readers.
func writerPends(rw *sync.RWMutex) bool {
	return *(*int32)(unsafe.Add(unsafe.Pointer(rw), 16)) < 0
}

func waitFor(what func() bool) {
	for !what() {
		time.Sleep(time.Millisecond)
	}
}

func deadlocks() {
	a, b := new(sync.Mutex), new(sync.Mutex)
	m := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", a, me)
		tell("hold sync.Mutex %p likely %d", b, other)
		tell("dead likely %d %d", me, other)
		deferred(a, b, m.first)
	}, func(me, other int) { deferred(b, a, m.second) })

	c, d := new(sync.Mutex), new(sync.Mutex)
	m2 := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", c, me)
		tell("hold sync.Mutex %p likely %d", d, other)
		tell("dead likely %d %d", me, other)
		pointers(c, d, m2.first)
	}, func(me, other int) { pointers(d, c, m2.second) })

	m3 := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", &globalA, me)
		tell("hold sync.Mutex %p likely %d", &globalB, other)
		tell("dead likely %d %d", me, other)
		globalLeft(m3.first)
	}, func(me, other int) { globalRight(m3.second) })

	settled.Add(1)
	self := new(sync.Mutex)
	go func() {
		me := id()
		tell("hold sync.Mutex %p likely %d", self, me)
		tell("dead likely %d", me)
		settled.Done()
		outer(self)
	}()

	rw := new(sync.RWMutex)
	reads := make(chan struct{})
	pair(func(me, other int) {
		read(rw, func() {
			close(reads)
			waitFor(func() bool { return writerPends(rw) })
		})
	}, func(me, other int) {
		<-reads
		tell("hold sync.RWMutex %p proven %d likely %d", rw, me, other)
		tell("dead likely %d %d", me, other)
		rw.Lock()
		sink++
		rw.Unlock()
	})

	settled.Add(1)
	once := new(sync.Once)
	go func() {
		me := id()
		tell("hold sync.Once %#x proven %d", uintptr(unsafe.Pointer(once))+4, me)
		tell("dead proven %d", me)
		settled.Done()
		once.Do(func() { once.Do(func() {}) })
	}()

	x, y := new(sync.Once), new(sync.Once)
	m4 := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Once %#x proven %d", uintptr(unsafe.Pointer(x))+4, me)
		tell("hold sync.Once %#x proven %d", uintptr(unsafe.Pointer(y))+4, other)
		tell("dead proven %d %d", me, other)
		x.Do(func() { m4.first(); y.Do(func() {}) })
	}, func(me, other int) {
		y.Do(func() { m4.second(); x.Do(func() {}) })
	})

	// The lock is part of something, and nothing is deferred.
	from, to := &account{name: "from"}, &account{name: "to"}
	m6 := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", &from.mu, me)
		tell("hold sync.Mutex %p likely %d", &to.mu, other)
		tell("dead likely %d %d", me, other)
		plain(from, to, m6.first)
	}, func(me, other int) { plain(to, from, m6.second) })

	// One waits with a lock for a WaitGroup whose other one needs the lock.
	var group sync.WaitGroup
	g := &group
	lock := new(sync.Mutex)
	g.Add(1)
	held := make(chan struct{})
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", lock, me)
		tell("hold sync.WaitGroup %p likely %d", g, other)
		tell("dead likely %d %d", me, other)
		lock.Lock()
		defer lock.Unlock()
		close(held)
		g.Wait()
	}, func(me, other int) {
		defer g.Done()
		<-held
		inner(lock)
	})

	// It locks again what it has, with nothing deferred.
	settled.Add(1)
	again := &account{name: "again"}
	go func() {
		me := id()
		tell("hold sync.Mutex %p likely %d", &again.mu, me)
		tell("dead likely %d", me)
		settled.Done()
		twice(again)
	}()

	// Deferred in a loop: such calls are in the goroutine's list.
	e, f, h := new(sync.Mutex), new(sync.Mutex), new(sync.Mutex)
	m5 := newMeet()
	pair(func(me, other int) {
		tell("hold sync.Mutex %p likely %d", f, me)
		tell("hold sync.Mutex %p likely %d", h, other)
		tell("dead likely %d %d", me, other)
		inLoop([]*sync.Mutex{e, f}, h, m5.first)
	}, func(me, other int) { inLoop([]*sync.Mutex{h}, f, m5.second) })
}

// waits starts a goroutine that waits for a lock.
func waits(mu *sync.Mutex) {
	settled.Add(1)
	go func() {
		settled.Done()
		inner(mu)
	}()
}

//go:noinline
func gaveBack(mu *sync.Mutex, back, forever chan struct{}) {
	mu.Lock()
	defer mu.Unlock()
	mu.Unlock()
	close(back)
	<-forever
	mu.Lock()
}

//go:noinline
func gaveBackBelow(mu *sync.Mutex, back, forever chan struct{}) {
	mu.Lock()
	defer mu.Unlock()
	lends(mu, back, forever)
}

//go:noinline
func givesOther(mu, other *sync.Mutex, holding, forever chan struct{}) {
	mu.Lock()
	defer mu.Unlock()
	other.Lock()
	sink++
	other.Unlock()
	close(holding)
	<-forever
}

type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

//go:noinline
func (g *gate) untilOpen(asleep chan struct{}) {
	for !g.open {
		close(asleep)
		g.cond.Wait()
	}
}

//go:noinline
func (g *gate) deferred(asleep chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.untilOpen(asleep)
}

//go:noinline
func (g *gate) plain(asleep chan struct{}) {
	g.mu.Lock()
	g.untilOpen(asleep)
	sink++
	g.mu.Unlock()
}

//go:noinline
func passes(mu *sync.Mutex, own *sync.Mutex, forever chan struct{}) {
	own.Lock()
	<-forever
	inner(mu)
	own.Unlock()
}

//go:noinline
func afterwards(mu *sync.Mutex, own *sync.Mutex, forever chan struct{}) {
	own.Lock()
	<-forever
	own.Unlock()
	mu.Lock()
	mu.Unlock()
}

// neighbours has two locks side by side; the first of them is taken.
type neighbours struct {
	own, other sync.Mutex
	rw         sync.RWMutex
	list       [3]*sync.Mutex
	n          int
}

//go:noinline
func (n *neighbours) holds(forever chan struct{}) {
	n.own.Lock()
	n.n++
	<-forever
	n.n--
	n.own.Unlock()
}

//go:noinline
func (n *neighbours) reads(forever chan struct{}) {
	n.rw.RLock()
	sink += n.n
	<-forever
	n.rw.RUnlock()
}

//go:noinline
func (n *neighbours) inTurn(forever chan struct{}) {
	for i, mu := range n.list {
		mu.Lock()
		if i == 1 {
			<-forever
		}
		n.n++
		mu.Unlock()
	}
}

//go:noinline
func perhaps(mu *sync.Mutex, really bool, forever chan struct{}) {
	if really {
		mu.Lock()
	}
	sink++
	<-forever
	if really {
		mu.Unlock()
	}
}

//go:noinline
func lends(mu *sync.Mutex, lent, forever chan struct{}) {
	mu.Unlock()
	close(lent)
	<-forever
	mu.Lock()
}

//go:noinline
func asks(mu *sync.Mutex, lent, forever chan struct{}) {
	mu.Lock()
	sink++
	lends(mu, lent, forever)
	mu.Unlock()
}

//go:noinline
func either(a, b *sync.Mutex, first bool, forever chan struct{}) {
	mu := a
	if first {
		mu = b
	}
	mu.Lock()
	sink++
	<-forever
	mu.Unlock()
}

//go:noinline
func before(mu, own *sync.Mutex, forever chan struct{}) {
	mu.Lock()
	sink++
	mu.Unlock()
	own.Lock()
	<-forever
	own.Unlock()
}

// leaves has pointers on the stack that nothing refers to any more.
//
//go:noinline
func leaves(a, b, c *sync.Mutex) {
	locks := [...]*sync.Mutex{a, b, c, a, b, c, a, b, c}
	for i := range locks {
		locks[i].Lock()
		sink++
		locks[len(locks)-1-i].Unlock()
		if i%3 != 1 {
			locks[len(locks)-1-i].Lock()
			locks[i].Unlock()
		}
	}
}

//go:noinline
func behindLeft(mu, own *sync.Mutex, forever chan struct{}) {
	leaves(mu, mu, mu)
	own.Lock()
	sink++
	<-forever
	sink++
	own.Unlock()
}

// byCode is about locks that no deferred call tells of.
func byCode(forever chan struct{}) {
	n := &neighbours{list: [3]*sync.Mutex{new(sync.Mutex), new(sync.Mutex), new(sync.Mutex)}}
	n.other.Lock()
	begins := func(f func()) int {
		number := make(chan int)
		go func() { number <- id(); f() }()
		return <-number
	}
	locked := func(mu *sync.Mutex) func() bool {
		return func() bool { return *(*int32)(unsafe.Pointer(mu))&1 != 0 }
	}
	who := begins(func() { n.holds(forever) })
	waitFor(locked(&n.own))
	tell("hold sync.Mutex %p likely %d", &n.own, who)
	tell("none sync.Mutex %p", &n.other)
	waits(&n.own)
	waits(&n.other)

	who = begins(func() { n.inTurn(forever) })
	waitFor(locked(n.list[1]))
	n.list[0].Lock()
	n.list[2].Lock()
	tell("hold sync.Mutex %p likely %d", n.list[1], who)
	tell("none sync.Mutex %p", n.list[0])
	tell("none sync.Mutex %p", n.list[2])
	for _, mu := range n.list {
		waits(mu)
	}

	who = begins(func() { n.reads(forever) })
	waitFor(func() bool { return *(*int32)(unsafe.Add(unsafe.Pointer(&n.rw), 16)) > 0 })
	writer := begins(func() { n.rw.Lock(); sink++; n.rw.Unlock() })
	waitFor(func() bool { return writerPends(&n.rw) })
	tell("hold sync.RWMutex %p proven %d likely %d", &n.rw, writer, who)

	none := func(f func(mu *sync.Mutex)) {
		mu := new(sync.Mutex)
		begins(func() { f(mu) })
		tell("none sync.Mutex %p", mu)
		waitFor(mu.TryLock)
		waits(mu)
	}
	none(func(mu *sync.Mutex) { perhaps(mu, false, forever) })
	none(func(mu *sync.Mutex) { either(mu, new(sync.Mutex), true, forever) })
	none(func(mu *sync.Mutex) { before(mu, new(sync.Mutex), forever) })
	none(func(mu *sync.Mutex) { behindLeft(mu, new(sync.Mutex), forever) })
	for i := 0; i < 8; i++ {
		// Small objects lie side by side.
		none(func(mu *sync.Mutex) { passes(mu, new(sync.Mutex), forever) })
	}
	lent := make(chan struct{})
	mu := new(sync.Mutex)
	begins(func() { asks(mu, lent, forever) })
	<-lent
	mu.Lock()
	tell("none sync.Mutex %p", mu)
	waits(mu)
}

// files has two that read from one pipe, and two that write to another: the first has the lock of the file.
func files() {
	r, r2, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	w2, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	waiters := func(f *os.File, shift uint) func() bool {
		state := *(**uint64)(unsafe.Pointer(f))
		return func() bool { return *state>>shift&1 != 0 }
	}
	parked := func(number int, words string) func() bool {
		return func() bool {
			b := make([]byte, 1<<20)
			return bytes.Contains(b[:runtime.Stack(b, true)], []byte(fmt.Sprintf("goroutine %d [%s", number, words)))
		}
	}
	use := func(f *os.File, how func(b []byte) (int, error), offset uintptr, kind string, shift uint) {
		number := make(chan int)
		go func() { number <- id(); how(make([]byte, 1<<20)) }()
		first := <-number
		waitFor(parked(first, "IO wait"))
		go func() { how(make([]byte, 1<<20)) }()
		waitFor(waiters(f, shift))
		tell("hold %s %#x proven %d", kind, *(*uintptr)(unsafe.Pointer(f))+offset, first)
	}
	use(r, r.Read, 8, "poll.FD.read", 23)
	use(w, w.Write, 12, "poll.FD.write", 43)
	ends = []*os.File{r, r2, w, w2}
}

func harmless() {
	forever := make(chan struct{})
	byCode(forever)
	// Held for a while, with and without defer.
	held := new(sync.Mutex)
	ready := make(chan struct{})
	go func() {
		tell("hold sync.Mutex %p likely %d", held, id())
		held.Lock()
		defer held.Unlock()
		close(ready)
		time.Sleep(time.Hour)
	}()
	<-ready
	waits(held)
	waits(held)

	// Locked by a goroutine that is gone.
	gone := new(sync.Mutex)
	done := make(chan struct{})
	go func() { gone.Lock(); close(done) }()
	<-done
	tell("none sync.Mutex %p", gone)
	waits(gone)

	// Its Unlock is deferred, but it gave the lock back for a while.
	lent := new(sync.Mutex)
	back := make(chan struct{})
	go gaveBack(lent, back, forever)
	<-back
	lent.Lock()
	tell("none sync.Mutex %p", lent)
	waits(lent)
	lent2, back2 := new(sync.Mutex), make(chan struct{})
	go gaveBackBelow(lent2, back2, forever)
	<-back2
	lent2.Lock()
	tell("none sync.Mutex %p", lent2)
	waits(lent2)

	// It has given back another lock than that whose Unlock is deferred.
	kept := new(sync.Mutex)
	keeps := make(chan int, 1)
	holding := make(chan struct{})
	go func() { keeps <- id(); givesOther(kept, new(sync.Mutex), holding, forever) }()
	<-holding
	tell("hold sync.Mutex %p likely %d", kept, <-keeps)
	waits(kept)

	// In a function that knows a lock, and has another one.
	passed := new(sync.Mutex)
	passed.Lock()
	tell("none sync.Mutex %p", passed)
	waits(passed)
	go passes(passed, new(sync.Mutex), forever)
	other, own := new(sync.Mutex), new(sync.Mutex)
	go func() { other.Lock() }()
	waitFor(func() bool { return !other.TryLock() || func() bool { other.Unlock(); return false }() })
	tell("none sync.Mutex %p", other)
	waits(other)
	go afterwards(other, own, forever)

	// Waiting in sync.Cond: the lock is given back, though its Unlock is deferred.
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	waiting := make(chan struct{})
	go func() {
		mu.Lock()
		defer mu.Unlock()
		close(waiting)
		for {
			cond.Wait()
		}
	}()
	<-waiting
	mu.Lock() // it waits now: it had the lock when it said so
	tell("none sync.Mutex %p", &mu)
	waits(&mu)

	// Woken in sync.Cond.Wait: now they wait for the lock they have given back.
	for _, how := range []func(g *gate, asleep chan struct{}){(*gate).deferred, (*gate).plain} {
		g := &gate{}
		g.cond = sync.NewCond(&g.mu)
		asleep := make(chan struct{})
		go how(g, asleep)
		<-asleep
		g.mu.Lock()
		g.open = true
		g.cond.Signal()
		tell("none sync.Mutex %p", &g.mu)
	}

	// Two wait to be woken; one will wake them when it ends. Nobody is known to wake the third.
	tell("none sync.Cond %p", cond)
	meeting := sync.NewCond(new(sync.Mutex))
	for i := 0; i < 2; i++ {
		asleep := make(chan struct{})
		go func() {
			meeting.L.Lock()
			close(asleep)
			meeting.Wait()
			meeting.L.Unlock()
		}()
		<-asleep
		meeting.L.Lock()
		meeting.L.Unlock()
	}
	waker := make(chan int)
	go func() {
		defer meeting.Broadcast()
		waker <- id()
		<-forever
	}()
	tell("hold sync.Cond %p likely %d", meeting, <-waker)
	files()

	// Workers that wait for work; a WaitGroup that waits for workers.
	jobs, results := make(chan int), make(chan int, 1)
	var group sync.WaitGroup
	for i := 0; i < 3; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := range jobs {
				results <- j
			}
		}()
	}
	go func() { group.Wait(); close(results) }()

	// Channels that select, timers, tickers.
	stop := make(chan struct{})
	for i := 0; i < 3; i++ {
		go func() {
			ticker := time.NewTicker(time.Hour)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
				case <-stop:
					return
				}
			}
		}()
	}
	go func() { <-time.After(time.Hour) }()
	go func() { defer close(stop); <-forever }()

	// A writer that waits for a reader who only sleeps, and readers behind it.
	rw := new(sync.RWMutex)
	reading := make(chan int)
	go func() {
		rw.RLock()
		defer rw.RUnlock()
		reading <- id()
		time.Sleep(time.Hour)
	}()
	reader := <-reading
	writer := make(chan int, 1)
	go func() {
		writer <- id()
		rw.Lock()
		sink++
		rw.Unlock()
	}()
	waitFor(func() bool { return writerPends(rw) })
	tell("hold sync.RWMutex %p proven %d likely %d", rw, <-writer, reader)
	for i := 0; i < 3; i++ {
		go readAgain(rw)
	}

	// A Once that takes long: who waits for it is told, and nothing else.
	once := new(sync.Once)
	began := make(chan int)
	go once.Do(func() { began <- id(); <-forever })
	tell("hold sync.Once %#x proven %d", uintptr(unsafe.Pointer(once))+4, <-began)
	for i := 0; i < 2; i++ {
		go once.Do(func() {})
	}
	runtime.KeepAlive(forever)
}

func main() {
	if os.Args[1] == "deadlocks" {
		deadlocks()
	} else {
		harmless()
	}
	settled.Wait()
	// Everybody but this one stands still.
	for still := 0; still < 5; {
		time.Sleep(10 * time.Millisecond)
		b := make([]byte, 1<<20)
		b = b[:runtime.Stack(b, true)]
		if bytes.Count(b, []byte(" [running")) == 1 && !bytes.Contains(b, []byte(" [runnable")) {
			still++
		} else {
			still = 0
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of the ways of recording share. One patient is hard for a tracer and says itself what it did; each
# recorder must tell the same of it. A runner calls recorder BACKEND first and finish last.
# shellcheck disable=SC2034 # what is not used here is used by the runners

# shellcheck source=tests/live/hostile.bash
. "$(dirname "$0")/hostile.bash"
patient=$patients/patient-traced
name=recorder # of the part that goes on: failures begin with it

recorder() { # BACKEND
	backend=$1
	surroundings "trace_$backend"
	if [ ! -x "$patient" ]; then skip "there is no $patient"; fi
	if ! record --set exit_group -- true; then skip "$backend is refused here: $(tail -n 1 err)"; fi
}

# record ARGUMENT...: leaves the recording in out, what the recorder says in err, and its status.
record() { "$dialtone" trace --backend "$backend" "$@" >out 2>err; }

# traced SET CMD...: as record, and what the program says in said.
traced() {
	local set=$1
	shift
	record --set "$set" -- sh -c 'exec "$@" >said' sh "$@"
}

# counts WANT PATTERN: so many lines of the recording match.
counts() {
	local got
	got=$(grep -cE -- "$2" out)
	[ "$got" = "$1" ] || fail "$name: $got lines instead of $1 match $2"
}

says() { # WANT
	[ "$(cat said)" = "$1" ] || fail "$name: the patient says $(cat said)"
}

# --- what every recorder must see

tells_threads() { # SET COUNT: many short ones, and each one's call once
	name=threads
	traced "$1" "$patient" threads "$2"
	[ "$(grep -oE '/none/thread/[0-9]+' out | sort -u | wc -l)" = "$2" ] || fail "$name: not every thread's call was seen"
	counts "$2" 'made thread'
}

tells_vfork() { # SET COUNT: parent and children
	name=vfork
	traced "$1" "$patient" vfork "$2"
	counts "$2" '/none/executed/'
	counts "$2" 'made process'
}

tells_ends() { # a status, a signal, a program that is not there
	name=ends
	record --set exit_group -- sh -c 'exit 7'
	[ $? = 7 ] || fail "$name: a program's status is lost"
	record --set exit_group -- sh -c 'kill -9 $$'
	[ $? = 137 ] || fail "$name: a program's signal is lost"
	record -- ./nosuch
	[ $? = 2 ] || fail "$name: a program that is not there"
}

# --- what those see that see more than calls

tells_signals() { # in the middle of a call
	name=signals
	traced ppoll "$patient" signals 20
	says 'interrupted 20'
	counts 20 '^[0-9]+ +--- SIGUSR1'
	counts 20 'ppoll\(.*= (\? ERESTARTNOHAND|-1 EINTR)'
}

tells_stop() { # a group stop stops, and ends with SIGCONT
	name=stop
	traced openat "$patient" stop
	says $'stopped 1\nended 1'
	counts 1 '/none/before/0'
	counts 1 '/none/after/0'
	counts 1 'stopped by SIGSTOP'
}

tells_int80() { # a 32-bit call is looked up in the 32-bit table
	if [ "$(uname -m)" != x86_64 ]; then return; fi
	name=int80
	record --set getuid32,fremovexattr -- "$patient" int80
	if grep -q '^uid -' out; then
		echo "# skipped 32-bit calls: this kernel has none"
		return
	fi
	counts 1 "getuid32\(\) += $(sed -n 's/^uid //p' out)\$"
	counts 0 'fremovexattr'
}

# --- what those do that stand in the way of each call

refuses_one_call() { # as asked for, told as ours
	name=inject
	echo text >file
	record --set openat --inject 'openat:path=*file:errno=EACCES:when=2' -- sh -c '(cat file; cat file; cat file) >said'
	says $'text\ntext'
	counts 1 'EACCES.*INJECTED'
}

# launch: the patient spins below the recorder $tracer, the recording and its words in spin.out.
launch() {
	"$dialtone" trace --backend "$backend" --set openat -- "$patient" spin >spin.out 2>err &
	tracer=$!
	started+=("$tracer")
	until grep -qs '/none/spin' spin.out; do
		kill -0 "$tracer" 2>/dev/null || break
		sleep 0.01
	done
}

takes_its_program_along() { # what was started does not outlive its recorder, whose filter it is under
	name='death of the recorder, launched'
	launch
	spun=$(pgrep -P "$tracer")
	kill -KILL "$tracer"
	wait "$tracer" 2>/dev/null
	for _ in $(seq 3000); do
		kill -0 "$spun" 2>/dev/null || break
		sleep 0.01
	done
	kill -0 "$spun" 2>/dev/null && fail "$name: $spun lives"
}

# --- what those do that attach

spin() { # the patient in spun
	"$patient" spin >spin.out &
	spun=$!
	started+=("$spun")
	until grep -qs ready spin.out; do sleep 0.01; done
}

# attach: the recorder of $spun in tracer. The runner says by is_attached what shows that it is.
attach() {
	"$dialtone" trace --backend "$backend" --set openat -p "$spun" >out 2>err &
	tracer=$!
	started+=("$tracer")
	for _ in $(seq 3000); do
		if is_attached; then return 0; fi
		if ! kill -0 "$tracer" 2>/dev/null; then break; fi
		sleep 0.01
	done
	fail "$name: it did not attach: $(cat err)"
	return 1
}

switches() { sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$spun/status"; }

runs_on() { # the patient makes calls, undisturbed
	local before
	before=$(switches)
	for _ in $(seq 3000); do
		if [ "$(switches)" -gt "$((before + 3))" ]; then break; fi
		sleep 0.01
	done
	[ "$(switches)" -gt "$((before + 3))" ] || fail "$name: it does not run any more"
	[ "$(cat spin.out)" = ready ] || fail "$name: the patient says $(tail -n 1 spin.out)"
}

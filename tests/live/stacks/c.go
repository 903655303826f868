// SPDX-License-Identifier: MIT

//go:build cgo

package main

/*
#include <unistd.h>
extern void goBlocks(void);
static void sleeps(void) { sleep(3600); }
static void calls_back(void) { goBlocks(); }
*/
import "C"

//export goBlocks
func goBlocks() { <-forever }

func init() {
	further = append(further, func() { C.sleeps() }, func() { C.calls_back() })
}

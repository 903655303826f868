// SPDX-License-Identifier: MIT

//go:build go1.23

package main

import "iter"

func init() {
	further = append(further, func() {
		next, _ := iter.Pull(func(yield func(int) bool) {
			if yield(1) {
				<-forever
			}
		})
		next()
		<-forever
	}, func() {
		next, _ := iter.Pull(func(yield func(int) bool) { <-forever })
		next()
	})
}

// Package greet greets in colour.
package greet

import "lab.example/colour"

// Hello greets somebody.
func Hello(who string) string {
	return "hello, " + colour.Name(who)
}

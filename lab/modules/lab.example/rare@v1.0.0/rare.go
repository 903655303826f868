// Package rare is in no module cache.
package rare

// Find returns what nobody has downloaded.
func Find() string { return "rare" }

// Package colour names colours.
package colour

import "strings"

// Version is the release of this package.
const Version = "v1.2.0"

// Name returns the colour's name as a title.
func Name(colour string) string {
	return strings.ToUpper(colour[:1]) + colour[1:]
}

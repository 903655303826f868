// Package tables aligns rows.
package tables

import "fmt"

// Row returns the cells of one row, twelve columns each.
func Row(cells ...string) string {
	row := ""
	for _, cell := range cells {
		row += fmt.Sprintf("%-12s", cell)
	}
	return row
}

module lab.example/tables

go 1.22

module lab.example/colour

go 1.22

module lab.example/rare

go 1.22

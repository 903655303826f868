module lab.example/greet/v2

go 1.22

require lab.example/colour v1.1.0

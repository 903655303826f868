module example.com/m // Deprecated: x

go 1.26.1
toolchain go1.26.8
godebug default=go1.21

require example.com/a v1.2.3 // indirect
require (
	"example.com/b/v2" v2.0.0
	gopkg.in/yaml.v3 v3.0.1
)
exclude example.com/a v1.2.2
replace example.com/a v1.2.3 => ../a
retract [v1.0.0, v1.1.0]
tool example.com/a/cmd
ignore ./x

module github.com/evergreen-go/evergreen/bench

go 1.26

require github.com/evergreen-go/evergreen v0.0.0

replace github.com/evergreen-go/evergreen => ../

// Scenarios of franz-go and its admin client.
//
// Usage: foreign BOOTSTRAP SCENARIO..., or foreign --list
package main

import (
	"fmt"
	"os"
)

// A scenario prints its transcript; its name is also the name of its topic.
type scenario struct {
	name string
	run  func(bootstrap, name string)
}

func main() {
	var all []scenario
	for _, some := range [][]scenario{producing, consuming, groups, transactions, administration} {
		all = append(all, some...)
	}
	if len(os.Args) == 2 && os.Args[1] == "--list" {
		for _, one := range all {
			say("%s", one.name)
		}
		return
	}
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: foreign BOOTSTRAP SCENARIO...")
		os.Exit(2)
	}
	for _, name := range os.Args[2:] {
		say("== %s", name)
		found := false
		for _, one := range all {
			if one.name == name {
				found = true
				guarded(one, os.Args[1])
			}
		}
		if !found {
			say("no such scenario")
		}
	}
}

// A scenario that panics says so; the others go on.
func guarded(one scenario, bootstrap string) {
	defer func() {
		if problem := recover(); problem != nil {
			say("scenario ended by %v", problem)
		}
	}()
	one.run(bootstrap, one.name)
}

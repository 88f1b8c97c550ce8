// Prints where Sarama puts 10,240 pseudo-random keys: the partitions of its
// NewHashPartitioner and NewReferenceHashPartitioner for a pseudo-random partition
// count. tests/partitioners.rs makes the same keys from the same seed and compares.
//
// Run in a module of its own:
//
//	go mod init vectors && go get github.com/IBM/sarama
//	go run partition_vectors.go > sarama.txt
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/IBM/sarama"
)

var state uint64 = 0x6b61666b61

// SplitMix64.
func next() uint64 {
	state += 0x9e3779b97f4a7c15
	z := state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	partitioners := []sarama.Partitioner{
		sarama.NewHashPartitioner("t"),
		sarama.NewReferenceHashPartitioner("t"),
	}
	for i := 0; i < 10240; i++ {
		key := make([]byte, next()%67)
		for at := range key {
			key[at] = byte(next())
		}
		partitions := int32(1 + next()%1000)
		for at, partitioner := range partitioners {
			message := sarama.ProducerMessage{Key: sarama.ByteEncoder(key)}
			partition, err := partitioner.Partition(&message, partitions)
			if err != nil {
				panic(err)
			}
			if at > 0 {
				fmt.Fprint(out, " ")
			}
			fmt.Fprint(out, partition)
		}
		fmt.Fprintln(out)
	}
}

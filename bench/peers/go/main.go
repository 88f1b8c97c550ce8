// franz-go as a peer program: the command line and the line of JSON of bench/peers.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// For throughput its documents advise more buffered records than the 10,000 it has.
const bestBuffered = 1_000_000

func main() {
	line, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(line)
}

func run() (string, error) {
	it, err := parse(os.Args[1:])
	if err != nil {
		return "", err
	}
	var told report
	switch it.role {
	case "produce":
		told, err = produce(it)
	case "consume":
		told, err = consume(it)
	case "latency":
		told, err = latency(it)
	default:
		err = fmt.Errorf("no role %q", it.role)
	}
	if err != nil {
		return "", err
	}
	return told.line(it), nil
}

func produce(it *job) (report, error) {
	client, settings, err := producer(it)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	all := values(it)
	if err := sendAll(it, client, all, it.warmup); err != nil {
		return nil, err
	}
	measure := startMeter()
	if err := sendAll(it, client, all, it.records); err != nil {
		return nil, err
	}
	told := measure.report(it.records, it.records*it.size)
	told["settings"] = settings
	return told, nil
}

// Sends the records and waits for every promise.
func sendAll(it *job, client *kgo.Client, all [][]byte, records int) error {
	var failed atomic.Pointer[error]
	var delivered atomic.Int64
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed.Store(&err)
		}
		delivered.Add(1)
	}
	var tasks sync.WaitGroup
	for task := range it.tasks {
		tasks.Go(func() {
			for n := range it.part(records, task) {
				record := &kgo.Record{Topic: it.topic, Value: all[n%distinct]}
				client.Produce(context.Background(), record, promise)
			}
		})
	}
	tasks.Wait()
	if err := client.Flush(context.Background()); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	if delivered.Load() != int64(records) {
		return fmt.Errorf("%d of %d delivered", delivered.Load(), records)
	}
	return nil
}

func consume(it *job) (report, error) {
	began := time.Now()
	var first struct {
		sync.Once
		at    time.Time
		meter meter
	}
	checks := make([]check, it.tasks)
	failures := make([]error, it.tasks)
	var tasks sync.WaitGroup
	for task := range it.tasks {
		offsets := map[int32]kgo.Offset{}
		for _, partition := range it.share(task) {
			offsets[partition] = kgo.NewOffset().AtStart()
		}
		options := []kgo.Opt{
			kgo.SeedBrokers(it.bootstrap),
			kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{it.topic: offsets}),
		}
		client, err := kgo.NewClient(options...)
		if err != nil {
			return nil, err
		}
		defer client.Close()
		tasks.Go(func() {
			mine := &checks[task]
			for wanted := it.shareRecords(task); mine.records < wanted; {
				fetches := client.PollFetches(context.Background())
				if err := fetches.Err(); err != nil {
					failures[task] = err
					return
				}
				first.Do(func() { first.at, first.meter = time.Now(), startMeter() })
				fetches.EachRecord(func(record *kgo.Record) { mine.read(record.Value) })
			}
		})
	}
	tasks.Wait()
	var total check
	for task, one := range checks {
		if failures[task] != nil {
			return nil, failures[task]
		}
		total.records += one.records
		total.bytes += one.bytes
		total.sum += one.sum
	}
	if err := total.verify(it); err != nil {
		return nil, err
	}
	told := first.meter.report(total.records, total.bytes)
	told["first_record_ms"] = float64(first.at.Sub(began).Microseconds()) / 1e3
	told["settings"] = map[string]string{
		"fetch.max.bytes": "52428800", "partition fetch bytes": "1048576",
		"check.crcs": "true", "reads": "owned records",
	}
	return told, nil
}

func latency(it *job) (report, error) {
	client, settings, err := producer(it)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	all := values(it)
	if err := sendAll(it, client, all, it.warmup); err != nil {
		return nil, err
	}
	taken := make([]int64, it.records)
	late := make([]int64, it.records)
	var failed atomic.Int64
	measure := startMeter()
	start := time.Now()
	for n := range it.records {
		due := start.Add(time.Duration(n) * time.Second / time.Duration(it.rate))
		if ahead := time.Until(due); ahead > 0 {
			time.Sleep(ahead)
		}
		late[n] = time.Since(due).Microseconds()
		record := &kgo.Record{Topic: it.topic, Value: all[n%distinct]}
		client.Produce(context.Background(), record, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
			taken[n] = time.Since(due).Microseconds()
		})
	}
	if err := client.Flush(context.Background()); err != nil {
		return nil, err
	}
	if failed.Load() > 0 {
		return nil, fmt.Errorf("%d records failed", failed.Load())
	}
	told := measure.report(it.records, it.records*it.size)
	told["settings"] = settings
	told["latency_us"], told["late_us"] = percentiles(taken), percentiles(late)
	return told, nil
}

func producer(it *job) (*kgo.Client, map[string]string, error) {
	acks := map[string]kgo.Acks{"all": kgo.AllISRAcks(), "1": kgo.LeaderAck(), "0": kgo.NoAck()}
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(),
		"zstd": kgo.ZstdCompression(),
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(it.bootstrap),
		kgo.RequiredAcks(acks[it.acks]),
		kgo.ProducerBatchCompression(codecs[it.codec]),
	}
	if it.acks != "all" {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	buffered := 10_000
	if it.mode == "best" && it.role == "produce" {
		buffered = bestBuffered
		options = append(options, kgo.MaxBufferedRecords(buffered))
	}
	if it.lingerMs != nil {
		options = append(options, kgo.ProducerLinger(time.Duration(*it.lingerMs)*time.Millisecond))
	}
	if it.batchBytes != nil {
		options = append(options, kgo.ProducerBatchMaxBytes(int32(*it.batchBytes)))
	}
	if it.inFlight != nil {
		options = append(options, kgo.MaxProduceRequestsInflightPerBroker(*it.inFlight))
	}
	client, err := kgo.NewClient(options...)
	inFlight := 1
	if it.acks == "all" {
		inFlight = 5
	}
	settings := map[string]string{
		"acks": it.acks, "idempotence": strconv.FormatBool(it.acks == "all"),
		"linger":      fmt.Sprintf("%d ms", or(it.lingerMs, 10)),
		"batch bytes": strconv.Itoa(or(it.batchBytes, 1_000_012)),
		"in flight":   strconv.Itoa(or(it.inFlight, inFlight)),
		"codec":       it.codec, "buffered records": strconv.Itoa(buffered),
	}
	return client, settings, err
}

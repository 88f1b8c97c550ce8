package main

import (
	"encoding/json"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type cpu struct{ user, system float64 }

func cpuSoFar() cpu {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return cpu{}
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return cpu{seconds(usage.Utime), seconds(usage.Stime)}
}

// A stretch of work.
type meter struct {
	at      time.Time
	cpu     cpu
	mallocs uint64
}

func startMeter() meter {
	return meter{time.Now(), cpuSoFar(), mallocs()}
}

func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

type report map[string]any

// The measured part is over.
func (m meter) report(records, bytes int) report {
	elapsed, used := time.Since(m.at).Seconds(), cpuSoFar()
	return report{
		"version": "1.22.2", "records": records, "bytes": bytes, "elapsed_s": elapsed,
		"user_s": used.user - m.cpu.user, "system_s": used.system - m.cpu.system,
		"allocations": mallocs() - m.mallocs,
	}
}

func (r report) line(it *job) string {
	whole := cpuSoFar()
	r["role"] = it.role
	r["whole_user_s"], r["whole_system_s"] = whole.user, whole.system
	r["peak_rss_kib"] = peakRssKib()
	line, _ := json.Marshal(r)
	return string(line)
}

func peakRssKib() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			peak, _ := strconv.Atoi(strings.Fields(rest)[0])
			return peak
		}
	}
	return 0
}

// p50, p99, p99.9 and the most.
func percentiles(micros []int64) map[string]int64 {
	slices.Sort(micros)
	at := func(share float64) int64 {
		rank := int(share*float64(len(micros)) + 0.999999)
		return micros[max(rank, 1)-1]
	}
	return map[string]int64{"p50": at(0.5), "p99": at(0.99), "p99.9": at(0.999), "max": at(1)}
}

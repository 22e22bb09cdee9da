package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRun(t *testing.T) {
	long := strings.Repeat("1 + ", 5000) + "1"
	cases := []struct {
		name        string
		args        []string
		stdin       string
		interactive bool
		status      int
		stdout      string
		stderr      string
	}{
		{name: "one argument", args: []string{"1 + 2"}, stdout: "Result: 3\n"},
		{name: "many arguments", args: []string{"6", "*", "7"}, stdout: "Result: 42\n"},
		{name: "a sign isn't an option", args: []string{"-5", "+", "2"}, stdout: "Result: -3\n"},
		{name: "arguments leave the input alone", args: []string{"1"}, stdin: "2\n", stdout: "Result: 1\n"},
		{name: "help", args: []string{"--help"}, stdout: usage},
		{name: "bad argument", args: []string{"1 +"}, status: 1, stderr: "error: expected a number at column 4, found the end\n"},
		{name: "empty argument", args: []string{""}, status: 1, stderr: "error: nothing to calculate\n"},
		{name: "division by zero", args: []string{"1/0"}, status: 1, stderr: "error: division by zero\n"},
		{name: "overflow", args: []string{"9223372036854775807 + 1"}, status: 1, stderr: "error: overflow: values must stay within ±9223372036854775807\n"},
		{name: "argument too long", args: []string{long}, status: 1, stderr: "error: expression is longer than 1000 characters\n"},

		{name: "lines until exit", stdin: "1 + 2\n6 * 7\nexit\n8 / 2\n", stdout: "Result: 3\nResult: 42\n"},
		{name: "lines until the end", stdin: "1 + 2\n", stdout: "Result: 3\n"},
		{name: "last line without an end", stdin: "1 + 2", stdout: "Result: 3\n"},
		{name: "lines from Windows", stdin: "1 + 2\r\nexit\r\n3\r\n", stdout: "Result: 3\n"},
		{name: "blank lines", stdin: "\n  \n1\n\n", stdout: "Result: 1\n"},
		{name: "spaces round exit", stdin: "  exit  \n1\n"},
		{name: "no input"},
		{name: "goes on after a mistake", stdin: "1 / 0\nfoo\n2 + 2\n", stdout: "Result: 4\n", stderr: "error: division by zero\nerror: expected a number at column 1, found \"f\"\n"},
		{name: "goes on after a long line", stdin: long + "\n1\n", stdout: "Result: 1\n", stderr: "error: expression is longer than 1000 characters\n"},
		{name: "long last line", stdin: long, stderr: "error: expression is longer than 1000 characters\n"},
		{name: "not text", stdin: "\xff\xfe\n1\n", stdout: "Result: 1\n", stderr: "error: expected a number at column 1, found \"\uFFFD\"\n"},

		{name: "prompts a person", interactive: true, stdin: "1 + 2\nexit\n", stdout: "An expression a line, such as 1 + 2; \"exit\" ends.\n> Result: 3\n> "},
		{name: "ends the line after the prompt", interactive: true, stdout: "An expression a line, such as 1 + 2; \"exit\" ends.\n> \n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(c.args, strings.NewReader(c.stdin), &stdout, &stderr, c.interactive)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if stdout.String() != c.stdout {
				t.Errorf("stdout %q, want %q", stdout.String(), c.stdout)
			}
			if stderr.String() != c.stderr {
				t.Errorf("stderr %q, want %q", stderr.String(), c.stderr)
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestBrokenPipes(t *testing.T) {
	broken := iotest.ErrReader(errors.New("input lost"))
	cases := []struct {
		name   string
		args   []string
		stdin  io.Reader
		stdout io.Writer
		stderr string
	}{
		{"input fails", nil, broken, io.Discard, "error: reading the input: input lost\n"},
		{"output fails in a conversation", nil, strings.NewReader("1\n"), full{}, "error: no space left\n"},
		{"output fails for an argument", []string{"1"}, nil, full{}, "error: no space left\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var stderr bytes.Buffer
			if status := run(c.args, c.stdin, c.stdout, &stderr, false); status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			if stderr.String() != c.stderr {
				t.Errorf("stderr %q, want %q", stderr.String(), c.stderr)
			}
		})
	}
}

func TestNullDeviceIsNoTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) {
		t.Error("the null device was taken for a terminal")
	}
}

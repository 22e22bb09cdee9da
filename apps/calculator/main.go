// Calculator answers arithmetic.
//
//	calculator 6 '*' 7     prints "Result: 42"; a bad expression ends with status 1
//	calculator             reads one expression a line until "exit" or the end of
//	                       the input; a bad line is answered and the next one read
//
// Results go to standard output, errors to standard error, one line each.
// What an expression may be is written in internal/calc.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tareweight.example/calculator/internal/calc"
)

const usage = `Usage: calculator [EXPRESSION...]

With an expression, prints its result: calculator 6 '*' 7
Without one, reads an expression a line until "exit" or the end of the input.
Numbers, + - * / and brackets; results are exact, shown to ten decimals.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, isTerminal(os.Stdin)))
}

// run is the whole program; the return value is the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, interactive bool) int {
	var err error
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "--help"):
		_, err = io.WriteString(stdout, usage)
	case len(args) > 0:
		err = answer(strings.Join(args, " "), stdout)
	default:
		err = converse(stdin, stdout, stderr, interactive)
	}
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
		return 1
	}
	return 0
}

func answer(expression string, stdout io.Writer) error {
	result, err := calc.Evaluate(expression)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "Result:", result)
	return err
}

// converse answers line after line. It fails only when it can't read or write.
func converse(stdin io.Reader, stdout, stderr io.Writer, interactive bool) error {
	prompt := func(text string) {
		if interactive {
			fmt.Fprint(stdout, text)
		}
	}
	// Long enough for the longest expression, whatever its characters.
	lines := bufio.NewReaderSize(stdin, 4*calc.MaxLength+16)
	prompt("An expression a line, such as 1 + 2; \"exit\" ends.\n")
	for {
		prompt("> ")
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			prompt("\n")
			return nil
		}
		if err != nil && !errors.Is(err, calc.ErrTooLong) {
			return fmt.Errorf("reading the input: %w", err)
		}
		if err == nil {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			if line == "exit" {
				return nil
			}
			var result string
			if result, err = calc.Evaluate(line); err == nil {
				if _, err := fmt.Fprintln(stdout, "Result:", result); err != nil {
					return err
				}
				continue
			}
		}
		if _, err := fmt.Fprintln(stderr, "error:", err); err != nil {
			return err
		}
	}
}

// readLine returns the next line without its end. Of a line that can't be an
// expression for its length alone it keeps nothing: calc.ErrTooLong.
func readLine(lines *bufio.Reader) (string, error) {
	line, more, err := lines.ReadLine()
	if err != nil || !more {
		return string(line), err
	}
	for more {
		if _, more, err = lines.ReadLine(); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	return "", calc.ErrTooLong
}

package calc

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestSharedCases(t *testing.T) {
	data, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Expression, Result, Error string }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		t.Run(c.Expression, func(t *testing.T) {
			result, err := Evaluate(c.Expression)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if result != c.Result || message != c.Error {
				t.Errorf("got %q, error %q; want %q, error %q", result, message, c.Result, c.Error)
			}
		})
	}
}

func TestLength(t *testing.T) {
	cases := []struct {
		name       string
		expression string
		want       error
	}{
		{"longest that is read", strings.Repeat("1", MaxLength-4) + " + 1", ErrOverflow},
		{"too long", strings.Repeat(" ", MaxLength) + "1", ErrTooLong},
		{"characters count, not bytes", "0" + strings.Repeat(" − 0", MaxLength/4-1), nil},
		{"deepest nesting", strings.Repeat("(", MaxLength/2-1) + "1" + strings.Repeat(")", MaxLength/2-1), nil},
		{"many signs", strings.Repeat("-", MaxLength-1) + "1", nil},
		{"many digits after the point", "0." + strings.Repeat("3", MaxLength-2), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Evaluate(c.expression); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{"1 + 2", "(1", "1 / 0", "-.5 × 2", "\xff", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		result, err := Evaluate(expression)
		if (err == nil) == (result == "") {
			t.Errorf("%q: result %q and error %v", expression, result, err)
		}
		if err == nil {
			again, err := Evaluate(result)
			if err != nil || again != result {
				t.Errorf("%q gives %q, which gives %q, error %v", expression, result, again, err)
			}
		}
	})
}

package conclave

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// header reads the header of the source tree, or else the installed one.
func header(t *testing.T) string {
	t.Helper()
	paths := []string{filepath.Join("..", "..", "include", "conclave.h")}
	if directory, err := exec.Command("pkg-config", "--variable=includedir", "conclave").Output(); err == nil {
		paths = append(paths, filepath.Join(strings.TrimSpace(string(directory)), "conclave.h"))
	}
	for _, path := range paths {
		if bytes, err := os.ReadFile(path); err == nil {
			return string(bytes)
		}
	}
	t.Fatalf("no header at %v", paths)
	return ""
}

// camel turns WRONG_SENDER into WrongSender.
func camel(name string) string {
	var result strings.Builder
	for _, word := range strings.Split(name, "_") {
		if word == "IO" || word == "URL" {
			result.WriteString(word)
			continue
		}
		result.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return result.String()
}

// declarations reads the constants and variables of constants.go: Status names with their numbers, Err names with the
// status that they carry.
func declarations(t *testing.T) (statuses map[string]int, sentinels map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "constants.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	statuses, sentinels = map[string]int{}, map[string]string{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, isValue := node.(*ast.ValueSpec)
		if !isValue || len(spec.Values) != 1 {
			return true
		}
		name := spec.Names[0].Name
		switch value := spec.Values[0].(type) {
		case *ast.UnaryExpr:
			if literal, isLiteral := value.X.(*ast.BasicLit); isLiteral && value.Op == token.SUB {
				if literal.Kind == token.INT {
					statuses[name], _ = strconv.Atoi("-" + literal.Value)
				}
			}
			if literal, isLiteral := value.X.(*ast.CompositeLit); isLiteral && fmt.Sprint(literal.Type) == "Error" {
				field := literal.Elts[0].(*ast.KeyValueExpr)
				sentinels[name] = fmt.Sprint(field.Value)
			}
		}
		return true
	})
	return statuses, sentinels
}

func TestEveryStatusOfTheHeaderHasAConstantAndASentinel(t *testing.T) {
	statuses, sentinels := declarations(t)
	found := regexp.MustCompile(`CONCLAVE_E_([A-Z_0-9]+) = (-\d+)`).FindAllStringSubmatch(header(t), -1)
	if len(found) < 50 {
		t.Fatalf("only %d statuses found in the header", len(found))
	}
	for _, match := range found {
		name, number := camel(match[1]), match[2]
		if fmt.Sprint(statuses["Status"+name]) != number {
			t.Errorf("Status%s is %d, CONCLAVE_E_%s is %s", name, statuses["Status"+name], match[1], number)
		}
		if sentinels["Err"+name] != "Status"+name {
			t.Errorf("Err%s does not carry Status%s", name, name)
		}
		value, _ := strconv.Atoi(number)
		if text := Status(value).String(); text != match[1] {
			t.Errorf("the library calls %d %s, the header %s", value, text, match[1])
		}
	}
	if len(statuses) != len(found) || len(sentinels) != len(found) {
		t.Errorf("%d constants and %d sentinels for %d statuses", len(statuses), len(sentinels), len(found))
	}
}

func TestNumbersAgreeWithTheHeader(t *testing.T) {
	numbers := map[string]uint64{
		"ALGORITHM_OPTIMIZED": uint64(AlgorithmOptimized), "ALGORITHM_BASIC": uint64(AlgorithmBasic),
		"SERVICE_FIFO": uint64(FIFO), "SERVICE_CAUSAL": uint64(Causal),
		"SERVICE_AGREED": uint64(Agreed), "SERVICE_SAFE": uint64(Safe),
		"EVENT_FLUSH_REQUEST": eventFlushRequest, "EVENT_TRANSITIONAL_SIGNAL": eventTransitionalSignal,
		"EVENT_VIEW": eventView, "EVENT_MESSAGE": eventMessage, "EVENT_LEFT": eventLeft, "EVENT_ERROR": eventError,
		"TOKEN_UNICAST": uint64(TokenUnicast), "TOKEN_MULTICAST": uint64(TokenMulticast),
		"TOKEN_MULTICAST_AGREED": uint64(TokenMulticastAgreed),
		"PUBLIC_KEY_SIZE":        PublicKeySize, "FINGERPRINT_SIZE": FingerprintSize, "NAME_MAX": MaxName,
		"GROUP_NAME_MAX": MaxGroupName, "MESSAGE_MAX": MaxMessage,
		"CLUSTER_NAME_MAX": MaxClusterName, "ADDRESS_MAX": MaxAddress, "BATCH_MAX": MaxBatch,
	}
	patterns := []string{
		`(?m)^\s+CONCLAVE_((?:ALGORITHM|SERVICE|EVENT|TOKEN)_[A-Z_]+)\s*=\s*(\d+)`,
		`(?m)^#define CONCLAVE_([A-Z_]+_(?:SIZE|MAX)) (\d+)$`,
	}
	count := 0
	for _, pattern := range patterns {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(header(t), -1) {
			value, err := strconv.ParseUint(match[2], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			if number, known := numbers[match[1]]; !known || number != value {
				t.Errorf("CONCLAVE_%s is %d in the header and %d here", match[1], value, number)
			}
			count++
		}
	}
	if count != len(numbers) {
		t.Errorf("%d numbers in the header, %d here", count, len(numbers))
	}
	if !strings.Contains(header(t), "#define CONCLAVE_SUITE_STANDARD CONCLAVE_SUITE_"+SuiteStandard.String()+"\n") {
		t.Errorf("the standard suite is not %s", SuiteStandard)
	}
}

// TestEverySuiteIsNamedAsTheLibraryNamesIt compares names without regard to capitals: Go writes them in its own way.
func TestEverySuiteIsNamedAsTheLibraryNamesIt(t *testing.T) {
	source, err := os.ReadFile("constants.go")
	if err != nil {
		t.Fatal(err)
	}
	here := regexp.MustCompile(`(?m)^\tSuite(\w+)\s+Suite = (0x[0-9a-f]+)$`).FindAllStringSubmatch(string(source), -1)
	for _, match := range here {
		value, err := strconv.ParseUint(match[2], 0, 16)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.ReplaceAll(Suite(value).String(), "_", "")
		if !strings.EqualFold(name, strings.ReplaceAll(match[1], "_", "")) {
			t.Errorf("Suite%s is %s, which the library calls %s", match[1], match[2], Suite(value))
		}
	}
	declared := regexp.MustCompile(`#define CONCLAVE_SUITE_\w+ \(\(conclave_suite\)`).FindAllString(header(t), -1)
	if len(here) != len(declared) {
		t.Errorf("%d suites here, %d in the header", len(here), len(declared))
	}
}

func TestDefaultsAgreeWithTheHeader(t *testing.T) {
	options := DefaultOptions()
	want := Options{
		SuiteStandard, false, 30 * time.Second, 10 * time.Second, 3, 10 * time.Second, 4 << 20, 64 << 20,
		AlgorithmOptimized}
	if options != want {
		t.Errorf("the defaults are %+v", options)
	}
	hub := DefaultHubOptions()
	if want := (HubOptions{1000, 1000, 8 << 20, 5 * time.Second}); hub != want {
		t.Errorf("the hub's defaults are %+v", hub)
	}
}

func TestVersion(t *testing.T) {
	if want := fmt.Sprintf("%d.%d.%d", VersionMajor, VersionMinor, VersionPatch); Version() != want {
		t.Errorf("the library is %s, the header %s", Version(), want)
	}
	if LoadedABIDate() != ABIDate {
		t.Errorf("the library's ABI is of %d, the header's of %d", LoadedABIDate(), ABIDate)
	}
	if !SupportsFeature("gdh") || SupportsFeature("no such") || SupportsFeature("gdh\x00") {
		t.Error("features are wrong")
	}
}

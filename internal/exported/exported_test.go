package exported_test

import (
	"go/types"
	"testing"

	"go.uber.org/goleak"

	"github.com/evergreen-go/evergreen/internal/exported"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneTypeIsOneObject(t *testing.T) {
	all, err := exported.Types("io", "bytes", "github.com/evergreen-go/evergreen/internal/exported")
	if err != nil {
		t.Fatal(err)
	}
	reader := all[0].Scope().Lookup("Reader").Type().Underlying().(*types.Interface)
	if !types.Implements(types.NewPointer(all[1].Scope().Lookup("Buffer").Type()), reader) {
		t.Error("a bytes.Buffer is no io.Reader")
	}
	f, ok := all[2].Scope().Lookup("Types").(*types.Func)
	if !ok || f.Signature().Results().Len() != 2 {
		t.Errorf("this package has %v", f)
	}
}

func TestUnknownPackageIsAnError(t *testing.T) {
	if all, err := exported.Types("io", "there/is/none"); err == nil {
		t.Errorf("it is %v", all)
	}
}

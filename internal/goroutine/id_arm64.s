//go:build !evergreen_portable

#include "textflag.h"

// func ID() uint64
TEXT ·ID(SB), NOSPLIT, $0-8
	MOVD g, R0
	MOVD R0, ret+0(FP)
	RET

// func CallerPC() uintptr
//
// R29 is the frame pointer of the function that asks: it points at the saved
// frame pointer, and the saved link register lies just above.
TEXT ·CallerPC(SB), NOSPLIT|NOFRAME, $0-8
	MOVD 8(R29), R0
	MOVD R0, ret+0(FP)
	RET

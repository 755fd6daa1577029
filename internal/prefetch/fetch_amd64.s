//go:build !evergreen_portable

#include "textflag.h"

// func Fetch(first *Stretch, n int)
TEXT ·Fetch(SB), NOSPLIT, $0-16
	MOVQ first+0(FP), AX
	MOVQ n+8(FP), CX
stretch:
	MOVQ 0(AX), BX
	MOVQ 8(AX), DX
	ADDQ $16, AX
	TESTQ DX, DX
	JZ next
line:
	PREFETCHT0 (BX)
	ADDQ $64, BX
	DECQ DX
	JNZ line
next:
	DECQ CX
	JNZ stretch
	RET

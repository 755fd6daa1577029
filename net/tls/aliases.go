package tls

import stdtls "crypto/tls"

//lint:file-ignore SA1019 what is deprecated is passed on as well

// The types and functions that describe something and never wait are the standard
// library's own.
type (
	// AlertError is that of crypto/tls.
	AlertError = stdtls.AlertError
	// Certificate is that of crypto/tls.
	Certificate = stdtls.Certificate
	// CertificateRequestInfo is that of crypto/tls.
	CertificateRequestInfo = stdtls.CertificateRequestInfo
	// CertificateVerificationError is that of crypto/tls.
	CertificateVerificationError = stdtls.CertificateVerificationError
	// CipherSuite is that of crypto/tls.
	CipherSuite = stdtls.CipherSuite
	// ClientAuthType is that of crypto/tls.
	ClientAuthType = stdtls.ClientAuthType
	// ClientHelloInfo is that of crypto/tls.
	ClientHelloInfo = stdtls.ClientHelloInfo
	// ClientSessionCache is that of crypto/tls.
	ClientSessionCache = stdtls.ClientSessionCache
	// ClientSessionState is that of crypto/tls.
	ClientSessionState = stdtls.ClientSessionState
	// Config is that of crypto/tls.
	Config = stdtls.Config
	// ConnectionState is that of crypto/tls.
	ConnectionState = stdtls.ConnectionState
	// CurveID is that of crypto/tls.
	CurveID = stdtls.CurveID
	// ECHRejectionError is that of crypto/tls.
	ECHRejectionError = stdtls.ECHRejectionError
	// EncryptedClientHelloKey is that of crypto/tls.
	EncryptedClientHelloKey = stdtls.EncryptedClientHelloKey
	// QUICConfig is that of crypto/tls.
	QUICConfig = stdtls.QUICConfig
	// QUICConn is that of crypto/tls.
	QUICConn = stdtls.QUICConn
	// QUICEncryptionLevel is that of crypto/tls.
	QUICEncryptionLevel = stdtls.QUICEncryptionLevel
	// QUICEvent is that of crypto/tls.
	QUICEvent = stdtls.QUICEvent
	// QUICEventKind is that of crypto/tls.
	QUICEventKind = stdtls.QUICEventKind
	// QUICSessionTicketOptions is that of crypto/tls.
	QUICSessionTicketOptions = stdtls.QUICSessionTicketOptions
	// RecordHeaderError is that of crypto/tls.
	RecordHeaderError = stdtls.RecordHeaderError
	// RenegotiationSupport is that of crypto/tls.
	RenegotiationSupport = stdtls.RenegotiationSupport
	// SessionState is that of crypto/tls.
	SessionState = stdtls.SessionState
	// SignatureScheme is that of crypto/tls.
	SignatureScheme = stdtls.SignatureScheme
)

// These constants are those of crypto/tls.
const (
	CurveP256                                     = stdtls.CurveP256
	CurveP384                                     = stdtls.CurveP384
	CurveP521                                     = stdtls.CurveP521
	ECDSAWithP256AndSHA256                        = stdtls.ECDSAWithP256AndSHA256
	ECDSAWithP384AndSHA384                        = stdtls.ECDSAWithP384AndSHA384
	ECDSAWithP521AndSHA512                        = stdtls.ECDSAWithP521AndSHA512
	ECDSAWithSHA1                                 = stdtls.ECDSAWithSHA1
	Ed25519                                       = stdtls.Ed25519
	NoClientCert                                  = stdtls.NoClientCert
	PKCS1WithSHA1                                 = stdtls.PKCS1WithSHA1
	PKCS1WithSHA256                               = stdtls.PKCS1WithSHA256
	PKCS1WithSHA384                               = stdtls.PKCS1WithSHA384
	PKCS1WithSHA512                               = stdtls.PKCS1WithSHA512
	PSSWithSHA256                                 = stdtls.PSSWithSHA256
	PSSWithSHA384                                 = stdtls.PSSWithSHA384
	PSSWithSHA512                                 = stdtls.PSSWithSHA512
	QUICEncryptionLevelApplication                = stdtls.QUICEncryptionLevelApplication
	QUICEncryptionLevelEarly                      = stdtls.QUICEncryptionLevelEarly
	QUICEncryptionLevelHandshake                  = stdtls.QUICEncryptionLevelHandshake
	QUICEncryptionLevelInitial                    = stdtls.QUICEncryptionLevelInitial
	QUICErrorEvent                                = stdtls.QUICErrorEvent
	QUICHandshakeDone                             = stdtls.QUICHandshakeDone
	QUICNoEvent                                   = stdtls.QUICNoEvent
	QUICRejectedEarlyData                         = stdtls.QUICRejectedEarlyData
	QUICResumeSession                             = stdtls.QUICResumeSession
	QUICSetReadSecret                             = stdtls.QUICSetReadSecret
	QUICSetWriteSecret                            = stdtls.QUICSetWriteSecret
	QUICStoreSession                              = stdtls.QUICStoreSession
	QUICTransportParameters                       = stdtls.QUICTransportParameters
	QUICTransportParametersRequired               = stdtls.QUICTransportParametersRequired
	QUICWriteData                                 = stdtls.QUICWriteData
	RenegotiateFreelyAsClient                     = stdtls.RenegotiateFreelyAsClient
	RenegotiateNever                              = stdtls.RenegotiateNever
	RenegotiateOnceAsClient                       = stdtls.RenegotiateOnceAsClient
	RequestClientCert                             = stdtls.RequestClientCert
	RequireAndVerifyClientCert                    = stdtls.RequireAndVerifyClientCert
	RequireAnyClientCert                          = stdtls.RequireAnyClientCert
	SecP256r1MLKEM768                             = stdtls.SecP256r1MLKEM768
	SecP384r1MLKEM1024                            = stdtls.SecP384r1MLKEM1024
	TLS_AES_128_GCM_SHA256                        = stdtls.TLS_AES_128_GCM_SHA256
	TLS_AES_256_GCM_SHA384                        = stdtls.TLS_AES_256_GCM_SHA384
	TLS_CHACHA20_POLY1305_SHA256                  = stdtls.TLS_CHACHA20_POLY1305_SHA256
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA          = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA          = stdtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
	TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305        = stdtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = stdtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
	TLS_ECDHE_ECDSA_WITH_RC4_128_SHA              = stdtls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA
	TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA           = stdtls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
	TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA            = stdtls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
	TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256         = stdtls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256         = stdtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA            = stdtls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
	TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384         = stdtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305          = stdtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256   = stdtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
	TLS_ECDHE_RSA_WITH_RC4_128_SHA                = stdtls.TLS_ECDHE_RSA_WITH_RC4_128_SHA
	TLS_FALLBACK_SCSV                             = stdtls.TLS_FALLBACK_SCSV
	TLS_RSA_WITH_3DES_EDE_CBC_SHA                 = stdtls.TLS_RSA_WITH_3DES_EDE_CBC_SHA
	TLS_RSA_WITH_AES_128_CBC_SHA                  = stdtls.TLS_RSA_WITH_AES_128_CBC_SHA
	TLS_RSA_WITH_AES_128_CBC_SHA256               = stdtls.TLS_RSA_WITH_AES_128_CBC_SHA256
	TLS_RSA_WITH_AES_128_GCM_SHA256               = stdtls.TLS_RSA_WITH_AES_128_GCM_SHA256
	TLS_RSA_WITH_AES_256_CBC_SHA                  = stdtls.TLS_RSA_WITH_AES_256_CBC_SHA
	TLS_RSA_WITH_AES_256_GCM_SHA384               = stdtls.TLS_RSA_WITH_AES_256_GCM_SHA384
	TLS_RSA_WITH_RC4_128_SHA                      = stdtls.TLS_RSA_WITH_RC4_128_SHA
	VerifyClientCertIfGiven                       = stdtls.VerifyClientCertIfGiven
	VersionSSL30                                  = stdtls.VersionSSL30
	VersionTLS10                                  = stdtls.VersionTLS10
	VersionTLS11                                  = stdtls.VersionTLS11
	VersionTLS12                                  = stdtls.VersionTLS12
	VersionTLS13                                  = stdtls.VersionTLS13
	X25519                                        = stdtls.X25519
	X25519MLKEM768                                = stdtls.X25519MLKEM768
)

// CipherSuiteName is that of crypto/tls. It is not a checkpoint.
func CipherSuiteName(id uint16) string {
	return stdtls.CipherSuiteName(id)
}

// CipherSuites is that of crypto/tls. It is not a checkpoint.
func CipherSuites() []*CipherSuite {
	return stdtls.CipherSuites()
}

// InsecureCipherSuites is that of crypto/tls. It is not a checkpoint.
func InsecureCipherSuites() []*CipherSuite {
	return stdtls.InsecureCipherSuites()
}

// LoadX509KeyPair is that of crypto/tls. It is not a checkpoint.
func LoadX509KeyPair(certFile string, keyFile string) (Certificate, error) {
	return stdtls.LoadX509KeyPair(certFile, keyFile)
}

// NewLRUClientSessionCache is that of crypto/tls. It is not a checkpoint.
func NewLRUClientSessionCache(capacity int) ClientSessionCache {
	return stdtls.NewLRUClientSessionCache(capacity)
}

// NewResumptionState is that of crypto/tls. It is not a checkpoint.
func NewResumptionState(ticket []byte, state *SessionState) (*ClientSessionState, error) {
	return stdtls.NewResumptionState(ticket, state)
}

// ParseSessionState is that of crypto/tls. It is not a checkpoint.
func ParseSessionState(data []byte) (*SessionState, error) {
	return stdtls.ParseSessionState(data)
}

// QUICClient is that of crypto/tls. It is not a checkpoint.
func QUICClient(config *QUICConfig) *QUICConn {
	return stdtls.QUICClient(config)
}

// QUICServer is that of crypto/tls. It is not a checkpoint.
func QUICServer(config *QUICConfig) *QUICConn {
	return stdtls.QUICServer(config)
}

// VersionName is that of crypto/tls. It is not a checkpoint.
func VersionName(version uint16) string {
	return stdtls.VersionName(version)
}

// X509KeyPair is that of crypto/tls. It is not a checkpoint.
func X509KeyPair(certPEMBlock []byte, keyPEMBlock []byte) (Certificate, error) {
	return stdtls.X509KeyPair(certPEMBlock, keyPEMBlock)
}

// TLS 1.3 between two members: what libssl offers as macros or by callbacks.
#ifndef CONCLAVE_COPENSSL_TLS_H
#define CONCLAVE_COPENSSL_TLS_H

#include "certificates.h"

#include <openssl/ssl.h>
#include <openssl/tls1.h>

/// The protocol that both sides have to name: a certificate that is also used elsewhere opens nothing here.
#define CONCLAVE_TLS_PROTOCOL                                                                                          \
    "\x0e"                                                                                                             \
    "conclave-key/1"
enum { CONCLAVE_TLS_PROTOCOL_SIZE = 15, CONCLAVE_TLS_CERTIFICATES_MAX = 64 * 1024 };

/// A server takes only our protocol; without it the handshake fails.
static inline int conclave_tls_select(SSL *session, const unsigned char **selected, unsigned char *selected_size,
                                      const unsigned char *offered, unsigned int offered_size, void *user_data) {
    (void)session;
    (void)user_data;
    unsigned char *found = NULL;
    int result = SSL_select_next_proto(&found, selected_size, (const unsigned char *)CONCLAVE_TLS_PROTOCOL,
                                       CONCLAVE_TLS_PROTOCOL_SIZE, offered, offered_size);
    *selected = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static inline int conclave_tls_has_protocol(const SSL *session) {
    const unsigned char *name = NULL;
    unsigned int size = 0;
    SSL_get0_alpn_selected(session, &name, &size);
    return size + 1 == CONCLAVE_TLS_PROTOCOL_SIZE && memcmp(name, CONCLAVE_TLS_PROTOCOL + 1, size) == 0;
}

static inline int conclave_tls_configure(SSL_CTX *context, int is_server) {
    // Nothing of a session outlives it, and a machine-wide configuration does not make it weaker.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_options(context, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT |
                                       SSL_OP_ALLOW_NO_DHE_KEX | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_max_cert_list(context, CONCLAVE_TLS_CERTIFICATES_MAX);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, conclave_judge);
    if (is_server)
        SSL_CTX_set_alpn_select_cb(context, conclave_tls_select, NULL);
    else if (SSL_CTX_set_alpn_protos(context, (const unsigned char *)CONCLAVE_TLS_PROTOCOL,
                                     CONCLAVE_TLS_PROTOCOL_SIZE) != 0)
        return 0;
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1 && SSL_CTX_set_recv_max_early_data(context, 0) == 1 &&
           SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
           SSL_CTX_set1_sigalgs_list(context, "ed25519:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256") == 1;
}

/// A context of one side: its chain, the first certificate its own, its key, and whom it believes. Null on failure.
static inline SSL_CTX *conclave_tls_context(int is_server, X509 **chain, size_t count, EVP_PKEY *key,
                                            X509_STORE *store) {
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == NULL) return NULL;
    int done = count > 0 && conclave_tls_configure(context, is_server) &&
               SSL_CTX_use_certificate(context, chain[0]) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1 &&
               SSL_CTX_check_private_key(context) == 1 && SSL_CTX_set1_verify_cert_store(context, store) == 1;
    for (size_t index = 1; done && index < count; index++) done = SSL_CTX_add1_chain_cert(context, chain[index]) == 1;
    if (done) return context;
    SSL_CTX_free(context);
    return NULL;
}

/// A session over two buffers in memory; the peer's certificate is judged at a time in seconds since 1970.
static inline SSL *conclave_tls_session(SSL_CTX *context, int is_server, int64_t time, int depth, int with_revocation) {
    SSL *session = SSL_new(context);
    BIO *input = BIO_new(BIO_s_mem());
    BIO *output = BIO_new(BIO_s_mem());
    if (session == NULL || input == NULL || output == NULL) {
        BIO_free(input);
        BIO_free(output);
        SSL_free(session);
        return NULL;
    }
    // An empty buffer means "not yet", not the end.
    BIO_set_mem_eof_return(input, -1);
    SSL_set_bio(session, input, output);
    conclave_set_parameters(SSL_get0_param(session), time, depth, with_revocation);
    if (is_server)
        SSL_set_accept_state(session);
    else
        SSL_set_connect_state(session);
    return session;
}

static inline int conclave_tls_feed(SSL *session, const unsigned char *bytes, size_t size) {
    size_t written = 0;
    return BIO_write_ex(SSL_get_rbio(session), bytes, size, &written) == 1 && written == size;
}

static inline size_t conclave_tls_output_size(SSL *session) { return BIO_ctrl_pending(SSL_get_wbio(session)); }

static inline int conclave_tls_take_output(SSL *session, unsigned char *bytes, size_t size) {
    size_t taken = 0;
    return BIO_read_ex(SSL_get_wbio(session), bytes, size, &taken) == 1 && taken == size;
}

/// How many certificates the other side showed, its own included.
static inline int conclave_tls_peer_count(const SSL *session, int is_server) {
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(session);
    int count = chain == NULL ? 0 : sk_X509_num(chain);
    // A server's list of what the client showed lacks the client's own.
    return is_server && SSL_get0_peer_certificate(session) != NULL ? count + 1 : count;
}

/// One of them, the other side's own first; it lives as long as the session.
static inline X509 *conclave_tls_peer_at(const SSL *session, int is_server, int index) {
    if (index == 0) return SSL_get0_peer_certificate(session);
    return sk_X509_value(SSL_get_peer_cert_chain(session), is_server ? index - 1 : index);
}

#endif

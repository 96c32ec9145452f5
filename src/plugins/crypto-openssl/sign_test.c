/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and key files: published vectors, the openssl command as the other party. */
#include "plugins/crypto-openssl/crypto_test.h"

#include <unistd.h>

#define SAMPLE "73616d706c65"
#define PASS   "open sesame"
#define SIGN   (&sign_ops)

/* RFC 6979 A.2.5 to A.2.7, RFC 8032 s7.1 and s7.4. */
static const struct {
	const char *name;
	enum ms_sign_scheme scheme;
	uint16_t hash;
	const char *spki, *data, *signature;
} vectors[] = {
	{ "RFC 6979 P-256", MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256,
		"3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6"
		"356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d"
		"7e9f5177a3c294d4462299",
		SAMPLE,
		"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41"
		"d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	{ "RFC 6979 P-256, DER", MS_SIGN_ECDSA, MS_HASH_SHA2_256,
		"3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6"
		"356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d"
		"7e9f5177a3c294d4462299",
		SAMPLE,
		"3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100"
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	{ "RFC 6979 P-384", MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_384,
		"3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5"
		"da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc138015d9b72d7d5724"
		"4ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
		SAMPLE,
		"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf9"
		"6e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
		"a329c145786e679e7b82c71a38628ac8" },
	{ "RFC 6979 P-384, DER", MS_SIGN_ECDSA, MS_HASH_SHA2_384,
		"3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5"
		"da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc138015d9b72d7d5724"
		"4ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
		SAMPLE,
		"306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648"
		"152e44acf96e36dd1e80fabe4602310099ef4aeb15f178cea1fe40db2603138f130e740a19624526"
		"203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
	{ "RFC 6979 P-521", MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_512,
		"30819b301006072a8648ce3d020106052b81040023038186000401894550d0785932e00eaa23b694"
		"f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d"
		"2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6"
		"630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
		SAMPLE,
		"00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5"
		"d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa00617cce7cf5064806c467f678d3"
		"b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1"
		"dccc43997f1ee0e44da4a67a" },
	{ "RFC 6979 P-521, DER", MS_SIGN_ECDSA, MS_HASH_SHA2_512,
		"30819b301006072a8648ce3d020106052b81040023038186000401894550d0785932e00eaa23b694"
		"f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d"
		"2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6"
		"630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
		SAMPLE,
		"308187024200c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25"
		"a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa0241617cce7cf50648"
		"06c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff077"
		"7b1a20f8ccb1dccc43997f1ee0e44da4a67a" },
	{ "RFC 8032 Ed25519, empty", MS_SIGN_EDDSA, 0,
		"302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68"
		"f707511a",
		"",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
		"c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "RFC 8032 Ed448, empty", MS_SIGN_EDDSA, 0,
		"3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d"
		"80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		"",
		"533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281"
		"f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b41"
		"04852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600" },
};

static void test_vectors(void **state)
{
	unsigned i, bit;

	(void)state;
	for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		uint8_t spki[256], data[16], sig[256], again[256];
		size_t spki_len = unhex(vectors[i].spki, spki, sizeof spki);
		size_t len = unhex(vectors[i].signature, sig, sizeof sig);
		struct ms_bytes part = ms_bytes(data, unhex(vectors[i].data, data, sizeof data));
		struct ms_pubkey *key = NULL;

		assert_int_equal(
			SIGN->pubkey_from_spki(&key, ms_bytes(spki, spki_len), NULL), MS_OK);
		assert_int_equal(SIGN->pubkey_to_spki(key, again, sizeof again), spki_len);
		assert_memory_equal(again, spki, spki_len);
		assert_int_equal(SIGN->pubkey_to_spki(key, NULL, 0), spki_len);
		assert_int_equal(SIGN->verify(key, vectors[i].scheme, vectors[i].hash, &part, 1,
					 ms_bytes(sig, len)),
			MS_OK);
		/* one bit of each octet, and one octet less */
		for (bit = 0; bit < len * 8; bit += 7) {
			sig[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			assert_int_equal(SIGN->verify(key, vectors[i].scheme, vectors[i].hash,
						 &part, 1, ms_bytes(sig, len)),
				MS_ERR_AUTH);
			sig[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		}
		assert_int_equal(SIGN->verify(key, vectors[i].scheme, vectors[i].hash, &part, 1,
					 ms_bytes(sig, len - 1)),
			MS_ERR_AUTH);
		assert_int_equal(SIGN->verify(key, vectors[i].scheme, vectors[i].hash, &part, 1,
					 ms_bytes(sig, 0)),
			MS_ERR_AUTH);
		SIGN->pubkey_free(&key);
		assert_null(key);
		SIGN->pubkey_free(&key);
	}
}

/* --- with the openssl command --------------------------------------------------------------------
 */

static char dir[] = "/tmp/modswan-sign-XXXXXX";
static bool have_openssl;

static const struct {
	const char *name, *genpkey;
	enum ms_key_type type;
	unsigned bits;
} keys[] = {
	{ "rsa", "RSA -pkeyopt rsa_keygen_bits:2048", MS_KEY_RSA, 2048 },
	{ "p256", "EC -pkeyopt ec_paramgen_curve:P-256", MS_KEY_ECDSA, 256 },
	{ "p384", "EC -pkeyopt ec_paramgen_curve:P-384", MS_KEY_ECDSA, 384 },
	{ "p521", "EC -pkeyopt ec_paramgen_curve:P-521", MS_KEY_ECDSA, 521 },
	{ "ed25519", "ED25519", MS_KEY_ED25519, 256 },
	{ "ed448", "ED448", MS_KEY_ED448, 456 },
};
#define KEYS (sizeof keys / sizeof keys[0])

/* Runs a command line with the test's folder as its own. */
static int sh(const char *fmt, ...) MS_PRINTF(1, 2);
static int sh(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n = snprintf(line, sizeof line, "cd %s && exec >/dev/null 2>&1; ", dir);

	va_start(ap, fmt);
	vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	va_end(ap);
	return system(line);
}

static size_t read_file(const char *name, uint8_t *buf, size_t size)
{
	char path[128];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(buf, 1, size, f);
	fclose(f);
	assert_true(n > 0 && n < size);
	return n;
}

static void write_file(const char *name, const uint8_t *buf, size_t len)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(buf, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static ms_err load(struct ms_privkey **out, const char *name, const char *pass, struct ms_why *why)
{
	uint8_t buf[16384];
	size_t len = read_file(name, buf, sizeof buf);

	return SIGN->privkey_from_file_octets(
		out, ms_bytes(buf, len), ms_bytes(pass, strlen(pass)), why);
}

static int setup(void **state)
{
	unsigned i;

	if (crypto_setup(state) != 0 || mkdtemp(dir) == NULL)
		return -1;
	have_openssl = sh("openssl version") == 0;
	for (i = 0; have_openssl && i < KEYS; i++)
		if (sh("openssl genpkey -algorithm %s -out %s.pem && openssl pkey -in %s.pem "
		       "-pubout -out %s.pub",
			    keys[i].genpkey, keys[i].name, keys[i].name, keys[i].name) != 0)
			return -1;
	write_file("message", (const uint8_t *)"Ni, Nr and the prf of ID", 24);
	return 0;
}

static int teardown(void **state)
{
	if (sh("rm -f -- *") != 0 || rmdir(dir) != 0)
		return -1;
	return crypto_teardown(state);
}

#define NEED_OPENSSL                                                                  \
	do {                                                                          \
		if (!have_openssl) {                                                  \
			print_message("the openssl command is not there: skipped\n"); \
			skip();                                                       \
		}                                                                     \
	} while (0)

/* cli: options for `openssl dgst`; NULL: EdDSA through pkeyutl */
static const struct {
	enum ms_key_type type;
	enum ms_sign_scheme scheme;
	uint16_t hash;
	const char *cli;
} schemes[] = {
	{ MS_KEY_RSA, MS_SIGN_RSA_PKCS1, MS_HASH_SHA1, "-sha1" },
	{ MS_KEY_RSA, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, "-sha256" },
	{ MS_KEY_RSA, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_384, "-sha384" },
	{ MS_KEY_RSA, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_512, "-sha512" },
#define PSS " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"
	{ MS_KEY_RSA, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, "-sha256" PSS },
	{ MS_KEY_RSA, MS_SIGN_RSA_PSS, MS_HASH_SHA2_384, "-sha384" PSS },
	{ MS_KEY_RSA, MS_SIGN_RSA_PSS, MS_HASH_SHA2_512, "-sha512" PSS },
	{ MS_KEY_ECDSA, MS_SIGN_ECDSA, MS_HASH_SHA2_256, "-sha256" },
	{ MS_KEY_ECDSA, MS_SIGN_ECDSA, MS_HASH_SHA2_384, "-sha384" },
	{ MS_KEY_ECDSA, MS_SIGN_ECDSA, MS_HASH_SHA2_512, "-sha512" },
	{ MS_KEY_ED25519, MS_SIGN_EDDSA, 0, NULL },
	{ MS_KEY_ED448, MS_SIGN_EDDSA, 0, NULL },
};

static void one_scheme(
	const char *name, const struct ms_privkey *priv, const struct ms_pubkey *pub, unsigned s)
{
	static const uint8_t text[] = "Ni, Nr and the prf of ID";
	const struct ms_bytes parts[] = { { text, 4 }, { text, 0 }, { text + 4, 20 } };
	uint8_t sig[MS_MAX_SIGNATURE_OCTETS + 1];
	size_t len = MS_MAX_SIGNATURE_OCTETS, small = 10;

	/* ours, checked there */
	assert_int_equal(
		SIGN->sign(priv, schemes[s].scheme, schemes[s].hash, parts, 3, sig, &len), MS_OK);
	write_file("ours", sig, len);
	if (schemes[s].cli != NULL)
		assert_int_equal(sh("openssl dgst %s -verify %s.pub -signature ours message",
					 schemes[s].cli, name),
			0);
	else
		assert_int_equal(sh("openssl pkeyutl -verify -rawin -pubin -inkey %s.pub -in "
				    "message -sigfile ours",
					 name),
			0);
	/* theirs, checked here */
	if (schemes[s].cli != NULL)
		assert_int_equal(sh("openssl dgst %s -sign %s.pem -out theirs message",
					 schemes[s].cli, name),
			0);
	else
		assert_int_equal(
			sh("openssl pkeyutl -sign -rawin -inkey %s.pem -in message -out theirs",
				name),
			0);
	len = read_file("theirs", sig, sizeof sig);
	assert_int_equal(
		SIGN->verify(pub, schemes[s].scheme, schemes[s].hash, parts, 3, ms_bytes(sig, len)),
		MS_OK);
	assert_int_equal(
		SIGN->verify(pub, schemes[s].scheme, schemes[s].hash, parts, 2, ms_bytes(sig, len)),
		MS_ERR_AUTH);
	assert_int_not_equal(
		SIGN->sign(priv, schemes[s].scheme, schemes[s].hash, parts, 3, sig, &small), MS_OK);
}

static void test_against_command(void **state)
{
	unsigned i, s;

	(void)state;
	NEED_OPENSSL;
	for (i = 0; i < KEYS; i++) {
		struct ms_privkey *priv = NULL;
		struct ms_pubkey *pub = NULL;
		char name[32];

		snprintf(name, sizeof name, "%s.pem", keys[i].name);
		assert_int_equal(load(&priv, name, "", NULL), MS_OK);
		assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
		assert_int_equal(SIGN->pubkey_type(pub), keys[i].type);
		assert_int_equal(SIGN->pubkey_bits(pub), keys[i].bits);
		for (s = 0; s < sizeof schemes / sizeof schemes[0]; s++)
			if (schemes[s].type == keys[i].type)
				one_scheme(keys[i].name, priv, pub, s);
		SIGN->privkey_free(&priv);
		SIGN->pubkey_free(&pub);
	}
}

/* Raw ECDSA (RFC 4754) and its ASN.1 form say the same. */
static void test_ecdsa_forms(void **state)
{
	static const uint16_t hashes[] = { MS_HASH_SHA2_256, MS_HASH_SHA2_384, MS_HASH_SHA2_512 };
	static const size_t octets[] = { 64, 96, 132 };
	static const uint8_t text[] = "text";
	const struct ms_bytes part = { text, 4 };
	unsigned i, k;

	(void)state;
	NEED_OPENSSL;
	for (i = 0; i < 3; i++) {
		struct ms_privkey *priv = NULL;
		struct ms_pubkey *pub = NULL;
		char name[32];

		snprintf(name, sizeof name, "%s.pem", keys[i + 1].name);
		assert_int_equal(load(&priv, name, "", NULL), MS_OK);
		assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
		for (k = 0; k < 20; k++) {
			uint8_t raw[132];
			size_t len = sizeof raw;

			assert_int_equal(
				SIGN->sign(priv, MS_SIGN_ECDSA_RAW, hashes[i], &part, 1, raw, &len),
				MS_OK);
			assert_int_equal(len, octets[i]);
			assert_int_equal(SIGN->verify(pub, MS_SIGN_ECDSA_RAW, hashes[i], &part, 1,
						 ms_bytes(raw, len)),
				MS_OK);
			/* not as the other form */
			assert_int_equal(SIGN->verify(pub, MS_SIGN_ECDSA, hashes[i], &part, 1,
						 ms_bytes(raw, len)),
				MS_ERR_AUTH);
			raw[len / 2] ^= 1;
			assert_int_equal(SIGN->verify(pub, MS_SIGN_ECDSA_RAW, hashes[i], &part, 1,
						 ms_bytes(raw, len)),
				MS_ERR_AUTH);
			memset(raw, 0, len);
			assert_int_equal(SIGN->verify(pub, MS_SIGN_ECDSA_RAW, hashes[i], &part, 1,
						 ms_bytes(raw, len)),
				MS_ERR_AUTH);
		}
		SIGN->privkey_free(&priv);
		SIGN->pubkey_free(&pub);
	}
}

/* RFC 4055 s3.1: the key says which hash, for the message and in MGF1. */
static void test_restricted_key(void **state)
{
	static const struct {
		const char *args, *verify;
		uint16_t hash; /* 0: none of ours */
	} rows[] = {
		{ "rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384", "-sha384",
			MS_HASH_SHA2_384 },
		{ "rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha512 "
		  "-pkeyopt rsa_pss_keygen_saltlen:64",
			"-sha512", MS_HASH_SHA2_512 },
		/* MGF1 with SHA-1: RFC 7427 has no AlgorithmIdentifier for it */
		{ "rsa_pss_keygen_md:sha384", NULL, 0 },
	};
	static const uint16_t hashes[] = { MS_HASH_SHA2_256, MS_HASH_SHA2_384, MS_HASH_SHA2_512 };
	const struct ms_bytes part = { (const uint8_t *)"Ni, Nr and the prf of ID", 24 };

	(void)state;
	NEED_OPENSSL;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ms_privkey *priv = NULL;
		struct ms_pubkey *pub = NULL;

		assert_int_equal(sh("openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 "
				    "-pkeyopt %s -out pss.pem && "
				    "openssl pkey -in pss.pem -pubout -out pss.pub",
					 rows[i].args),
			0);
		assert_int_equal(load(&priv, "pss.pem", "", NULL), MS_OK);
		assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
		assert_int_equal(SIGN->pubkey_type(pub), MS_KEY_RSA);
		for (unsigned h = 0; h < 3; h++) {
			uint8_t sig[512];
			size_t len = sizeof sig;
			bool fits = hashes[h] == rows[i].hash;

			assert_int_equal(
				SIGN->sign(priv, MS_SIGN_RSA_PSS, hashes[h], &part, 1, sig, &len),
				fits ? MS_OK : MS_ERR_UNSUPPORTED);
			if (!fits)
				continue;
			assert_int_equal(SIGN->verify(pub, MS_SIGN_RSA_PSS, hashes[h], &part, 1,
						 ms_bytes(sig, len)),
				MS_OK);
			write_file("ours", sig, len);
			assert_int_equal(sh("openssl dgst %s -sigopt rsa_pss_saltlen:-1 -verify "
					    "pss.pub -signature ours message", rows[i].verify),
				0);
		}
		SIGN->privkey_free(&priv);
		SIGN->pubkey_free(&pub);
	}
}

static void test_scheme_and_key_must_fit(void **state)
{
	const struct ms_bytes part = { (const uint8_t *)"text", 4 };
	struct ms_privkey *priv = NULL;
	struct ms_pubkey *pub = NULL;
	uint8_t sig[256] = { 0 };
	size_t len = sizeof sig;

	(void)state;
	NEED_OPENSSL;
	assert_int_equal(load(&priv, "rsa.pem", "", NULL), MS_OK);
	assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
	assert_int_equal(SIGN->sign(priv, MS_SIGN_ECDSA, MS_HASH_SHA2_256, &part, 1, sig, &len),
		MS_ERR_UNSUPPORTED);
	assert_int_equal(
		SIGN->sign(priv, MS_SIGN_EDDSA, 0, &part, 1, sig, &len), MS_ERR_UNSUPPORTED);
	assert_int_equal(
		SIGN->sign(priv, MS_SIGN_RSA_PSS, 77, &part, 1, sig, &len), MS_ERR_UNSUPPORTED);
	assert_int_equal(
		SIGN->verify(pub, MS_SIGN_ECDSA_RAW, MS_HASH_SHA2_256, &part, 1, ms_bytes(sig, 64)),
		MS_ERR_UNSUPPORTED);
	assert_int_equal(SIGN->verify(pub, (enum ms_sign_scheme)99, MS_HASH_SHA2_256, &part, 1,
				 ms_bytes(sig, 64)),
		MS_ERR_UNSUPPORTED);
	/* a signature of one padding is none of the other */
	len = sizeof sig;
	assert_int_equal(
		SIGN->sign(priv, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, &part, 1, sig, &len), MS_OK);
	assert_int_equal(
		SIGN->verify(pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, &part, 1, ms_bytes(sig, len)),
		MS_ERR_AUTH);
	assert_int_equal(SIGN->verify(pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_384, &part, 1,
				 ms_bytes(sig, len)),
		MS_ERR_AUTH);
	SIGN->privkey_free(&priv);
	SIGN->pubkey_free(&pub);
}

#define P12 \
	"openssl req -x509 -key rsa.pem -subj /CN=x -out x.pem && " \
	"openssl pkcs12 -export -inkey rsa.pem -in x.pem "

/* Every file form of the same key; what is no private key; passphrases. */
static void test_file_forms(void **state)
{
	static const struct {
		const char *make; /* writes "form" */
		const char *pass;
		const char *refused; /* words of the reason; NULL: it is read */
	} forms[] = {
		{ "openssl pkey -in rsa.pem -traditional -out form", "", NULL },
		{ "openssl pkey -in rsa.pem -outform DER -out form", "", NULL },
		{ "openssl rsa -in rsa.pem -traditional -outform DER -out form", "", NULL },
		{ "openssl pkcs8 -topk8 -nocrypt -in rsa.pem -outform DER -out form", "", NULL },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -out form", PASS,
			NULL },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -out form", "",
			"encrypted and no passphrase" },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -out form", "wrong",
			"the passphrase does not open" },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -outform DER -out form",
			PASS, NULL },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -outform DER -out form",
			"", "encrypted and no passphrase" },
		{ "openssl pkcs8 -topk8 -in rsa.pem -passout 'pass:" PASS "' -outform DER -out form",
			"wrong", "the passphrase does not open" },
		{ P12 "-passout 'pass:" PASS "' -out form", PASS, NULL },
		{ P12 "-passout 'pass:" PASS "' -out form", "wrong", "does not open the PKCS#12" },
		{ P12 "-passout pass: -out form", "", NULL },
		{ P12 "-legacy -passout 'pass:" PASS "' -out form", PASS,
			"the passphrase is right" },
		{ P12 "-legacy -passout 'pass:" PASS "' -out form", "wrong",
			"does not open the PKCS#12" },
		{ "openssl rsa -aes128 -traditional -in rsa.pem -passout 'pass:" PASS "' -out form",
			PASS, NULL },
		{ "openssl rsa -aes128 -traditional -in rsa.pem -passout 'pass:" PASS "' -out form",
			"", "encrypted and no passphrase" },
		{ "(echo a comment; cat rsa.pem) > form", "", NULL },
		{ "cp rsa.pub form", "", "not a private key" },
		{ "openssl req -x509 -key rsa.pem -subj /CN=x -out form", "", "a certificate" },
		{ "head -c 600 rsa.pem > form", "", "not a private key" },
		{ "echo hello > form", "", "not a private key" },
		{ "openssl genpkey -algorithm X25519 -out form", "", "X25519 are not used" },
		{ "openssl ecparam -name secp256k1 -genkey -noout -out form", "",
			"curve secp256k1 are not used" },
		{ "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out form", "",
			"" },
	};
	struct ms_privkey *priv = NULL;
	struct ms_pubkey *want = NULL;
	unsigned i;

	(void)state;
	NEED_OPENSSL;
	assert_int_equal(load(&priv, "rsa.pem", "", NULL), MS_OK);
	assert_int_equal(SIGN->pubkey_of(&want, priv), MS_OK);
	SIGN->privkey_free(&priv);
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct ms_why why = { "" };
		struct ms_pubkey *got = NULL;
		ms_err err;

		if (sh("%s", forms[i].make) != 0)
			fail_msg("cannot run: %s", forms[i].make);
		err = load(&priv, "form", forms[i].pass, &why);
		if (forms[i].refused != NULL && forms[i].refused[0] != '\0') {
			if (err != MS_ERR_BAD_KEY || strstr(why.text, forms[i].refused) == NULL)
				fail_msg("%s: %s", forms[i].make, why.text);
			continue;
		}
		if (err != MS_OK)
			fail_msg("%s: %s", forms[i].make, ms_why_text(&why, err));
		assert_int_equal(SIGN->pubkey_of(&got, priv), MS_OK);
		/* the last row is another key */
		assert_int_equal(SIGN->pubkey_eq(want, got), forms[i].refused == NULL);
		SIGN->pubkey_free(&got);
		SIGN->privkey_free(&priv);
	}
	SIGN->pubkey_free(&want);
}

/* A key that says of itself that it is for PSS: it signs so, and not otherwise. */
static void test_pss_only(void **state)
{
	const struct ms_bytes part = ms_bytes("words", 5);
	struct ms_privkey *priv = NULL;
	struct ms_pubkey *pub = NULL;
	uint8_t sig[MS_MAX_SIGNATURE_OCTETS];
	size_t len = sizeof sig;

	(void)state;
	NEED_OPENSSL;
	assert_int_equal(sh("%s", "openssl genpkey -quiet -algorithm RSA-PSS "
				  "-pkeyopt rsa_keygen_bits:2048 -out form"), 0);
	assert_int_equal(load(&priv, "form", "", NULL), MS_OK);
	assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
	assert_int_equal(SIGN->pubkey_type(pub), MS_KEY_RSA);
	assert_int_equal(SIGN->pubkey_bits(pub), 2048);
	assert_int_equal(
		SIGN->sign(priv, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, &part, 1, sig, &len), MS_OK);
	assert_int_equal(
		SIGN->verify(pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, &part, 1, ms_bytes(sig, len)),
		MS_OK);
	sig[7] ^= 1;
	assert_int_equal(
		SIGN->verify(pub, MS_SIGN_RSA_PSS, MS_HASH_SHA2_256, &part, 1, ms_bytes(sig, len)),
		MS_ERR_AUTH);
	len = sizeof sig;
	assert_int_not_equal(
		SIGN->sign(priv, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, &part, 1, sig, &len), MS_OK);
	SIGN->privkey_free(&priv);
	SIGN->pubkey_free(&pub);
}

static void test_references(void **state)
{
	uint8_t spki[256];
	size_t len = unhex(vectors[0].spki, spki, sizeof spki);
	struct ms_pubkey *a = NULL, *b;

	(void)state;
	assert_int_equal(SIGN->pubkey_from_spki(&a, ms_bytes(spki, len), NULL), MS_OK);
	b = SIGN->pubkey_ref(a);
	assert_ptr_equal(a, b);
	SIGN->pubkey_free(&a);
	assert_null(a);
	assert_int_equal(SIGN->pubkey_bits(b), 256);
	SIGN->pubkey_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_against_command),
		cmocka_unit_test(test_ecdsa_forms),
		cmocka_unit_test(test_restricted_key),
		cmocka_unit_test(test_scheme_and_key_must_fit),
		cmocka_unit_test(test_file_forms),
		cmocka_unit_test(test_pss_only),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SMTP in C: what a server offers in its reply to EHLO (RFC 5321, 4.1.1.1), decoded line by line.
 */
#ifndef SMTP_PARSER_EHLO_H_
#define SMTP_PARSER_EHLO_H_

#include "smtp_parser.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of smtp_parser_capabilities.offered and .malformed. */
#define SMTP_PARSER_CAP_PIPELINING (UINT64_C(1) << 0)          /* RFC 2920 */
#define SMTP_PARSER_CAP_SIZE (UINT64_C(1) << 1)                /* RFC 1870 */
#define SMTP_PARSER_CAP_8BITMIME (UINT64_C(1) << 2)            /* RFC 6152 */
#define SMTP_PARSER_CAP_SMTPUTF8 (UINT64_C(1) << 3)            /* RFC 6531 */
#define SMTP_PARSER_CAP_CHUNKING (UINT64_C(1) << 4)            /* RFC 3030 */
#define SMTP_PARSER_CAP_BINARYMIME (UINT64_C(1) << 5)          /* RFC 3030 */
#define SMTP_PARSER_CAP_ENHANCEDSTATUSCODES (UINT64_C(1) << 6) /* RFC 2034 */
#define SMTP_PARSER_CAP_STARTTLS (UINT64_C(1) << 7)            /* RFC 3207 */
#define SMTP_PARSER_CAP_AUTH (UINT64_C(1) << 8)                /* RFC 4954 */
#define SMTP_PARSER_CAP_DSN (UINT64_C(1) << 9)                 /* RFC 3461 */
#define SMTP_PARSER_CAP_DELIVERBY (UINT64_C(1) << 10)          /* RFC 2852 */
#define SMTP_PARSER_CAP_FUTURERELEASE (UINT64_C(1) << 11)      /* RFC 4865 */
#define SMTP_PARSER_CAP_MTRK (UINT64_C(1) << 12)               /* RFC 3885 */
#define SMTP_PARSER_CAP_MT_PRIORITY (UINT64_C(1) << 13)        /* RFC 6710 */
#define SMTP_PARSER_CAP_RRVS (UINT64_C(1) << 14)               /* RFC 7293 */
#define SMTP_PARSER_CAP_REQUIRETLS (UINT64_C(1) << 15)         /* RFC 8689 */
#define SMTP_PARSER_CAP_LIMITS (UINT64_C(1) << 16)             /* RFC 9422 */
#define SMTP_PARSER_CAP_BURL (UINT64_C(1) << 17)               /* RFC 4468 */
#define SMTP_PARSER_CAP_ETRN (UINT64_C(1) << 18)               /* RFC 1985 */
#define SMTP_PARSER_CAP_ATRN (UINT64_C(1) << 19)               /* RFC 2645 */
#define SMTP_PARSER_CAP_XCLIENT (UINT64_C(1) << 20)
#define SMTP_PARSER_CAP_XFORWARD (UINT64_C(1) << 21)
#define SMTP_PARSER_CAP_HELP (UINT64_C(1) << 22)
#define SMTP_PARSER_CAP_EXPN (UINT64_C(1) << 23)
#define SMTP_PARSER_CAP_VRFY (UINT64_C(1) << 24)
#define SMTP_PARSER_CAP_NO_SOLICITING (UINT64_C(1) << 25) /* RFC 3865 */
#define SMTP_PARSER_CAP_CHECKPOINT (UINT64_C(1) << 26)    /* RFC 1845 */
#define SMTP_PARSER_CAP_CONNEG (UINT64_C(1) << 27)        /* RFC 4141 */
#define SMTP_PARSER_CAP_CONPERM (UINT64_C(1) << 28)       /* RFC 4141 */
#define SMTP_PARSER_CAP_SUBMITTER (UINT64_C(1) << 29)     /* RFC 4405 */
#define SMTP_PARSER_CAP_TURN (UINT64_C(1) << 30)
#define SMTP_PARSER_CAP_SEND (UINT64_C(1) << 31)
#define SMTP_PARSER_CAP_SOML (UINT64_C(1) << 32)
#define SMTP_PARSER_CAP_SAML (UINT64_C(1) << 33)

/* Bits of smtp_parser_capabilities.mechanisms. */
#define SMTP_PARSER_AUTH_PLAIN (UINT32_C(1) << 0)
#define SMTP_PARSER_AUTH_LOGIN (UINT32_C(1) << 1)
#define SMTP_PARSER_AUTH_CRAM_MD5 (UINT32_C(1) << 2)
#define SMTP_PARSER_AUTH_SCRAM_SHA_1 (UINT32_C(1) << 3)
#define SMTP_PARSER_AUTH_SCRAM_SHA_256 (UINT32_C(1) << 4)
#define SMTP_PARSER_AUTH_XOAUTH2 (UINT32_C(1) << 5)
#define SMTP_PARSER_AUTH_OAUTHBEARER (UINT32_C(1) << 6)
#define SMTP_PARSER_AUTH_SCRAM_SHA_1_PLUS (UINT32_C(1) << 7)
#define SMTP_PARSER_AUTH_SCRAM_SHA_256_PLUS (UINT32_C(1) << 8)
#define SMTP_PARSER_AUTH_SCRAM_SHA_512 (UINT32_C(1) << 9)
#define SMTP_PARSER_AUTH_SCRAM_SHA_512_PLUS (UINT32_C(1) << 10)
#define SMTP_PARSER_AUTH_EXTERNAL (UINT32_C(1) << 11)
#define SMTP_PARSER_AUTH_GSSAPI (UINT32_C(1) << 12)
#define SMTP_PARSER_AUTH_ANONYMOUS (UINT32_C(1) << 13)
#define SMTP_PARSER_AUTH_NTLM (UINT32_C(1) << 14)
#define SMTP_PARSER_AUTH_DIGEST_MD5 (UINT32_C(1) << 15)
#define SMTP_PARSER_AUTH_GS2_KRB5 (UINT32_C(1) << 16)
#define SMTP_PARSER_AUTH_GS2_KRB5_PLUS (UINT32_C(1) << 17)
#define SMTP_PARSER_AUTH_UNKNOWN (UINT32_C(1) << 31) /* at least one that is none of these */

/* The keyword of a SMTP_PARSER_CAP_ bit, the name of a SMTP_PARSER_AUTH_ bit; "" for what is none.
 * Static storage. */
const char* smtp_parser_capability_name(uint64_t capability);
const char* smtp_parser_mechanism_name(uint32_t mechanism);

/* Bits of smtp_parser_capabilities.xclient and .xforward. */
enum {
  SMTP_PARSER_PROXY_NAME = 1 << 0,
  SMTP_PARSER_PROXY_ADDR = 1 << 1,
  SMTP_PARSER_PROXY_PORT = 1 << 2,
  SMTP_PARSER_PROXY_PROTO = 1 << 3,
  SMTP_PARSER_PROXY_HELO = 1 << 4,
  SMTP_PARSER_PROXY_LOGIN = 1 << 5,
  SMTP_PARSER_PROXY_DESTADDR = 1 << 6,
  SMTP_PARSER_PROXY_DESTPORT = 1 << 7,
  SMTP_PARSER_PROXY_IDENT = 1 << 8,
  SMTP_PARSER_PROXY_SOURCE = 1 << 9,
  SMTP_PARSER_PROXY_UNKNOWN = 1 << 15
};

/* The profile that MT-PRIORITY names (RFC 6710, RFC 6758). */
enum {
  SMTP_PARSER_PRIORITY_NONE = 0,
  SMTP_PARSER_PRIORITY_MIXER = 1,
  SMTP_PARSER_PRIORITY_STANAG4406 = 2,
  SMTP_PARSER_PRIORITY_NSEP = 3,
  SMTP_PARSER_PRIORITY_OTHER = 4
};

/* All that the lines of one EHLO reply said; numbers are 0 where nothing was said or where it is
 * malformed. Begin with zeros and struct_size, again for each reply to EHLO. */
typedef struct smtp_parser_capabilities {
  size_t struct_size; /* sizeof(smtp_parser_capabilities) */
  uint64_t offered;
  uint64_t malformed;        /* offered, with a value that its RFC does not allow */
  uint64_t size_limit;       /* SIZE: octets; 0 is no limit */
  uint64_t hold_until_max_s; /* FUTURERELEASE: latest time, seconds since 1970 UTC */
  uint32_t hold_for_max_s;   /* FUTURERELEASE: longest interval */
  uint32_t deliver_by_min_s; /* DELIVERBY: shortest time that may be asked for */
  uint32_t mechanisms;       /* AUTH */
  uint32_t mail_max;         /* LIMITS MAILMAX (RFC 9422): transactions of a session */
  uint32_t rcpt_max;         /* LIMITS RCPTMAX: RCPT commands of a transaction */
  uint32_t rcpt_domain_max;  /* LIMITS RCPTDOMAINMAX: recipient domains of a session */
  uint32_t xclient;          /* XCLIENT: attributes that may be sent */
  uint32_t xforward;         /* XFORWARD: attributes that may be sent */
  int32_t priority_profile;  /* MT-PRIORITY */
  int32_t burl_imap;         /* BURL imap */
} smtp_parser_capabilities;

/* One line of an EHLO reply. */
typedef struct smtp_parser_capability_line {
  size_t struct_size;  /* sizeof(smtp_parser_capability_line) */
  uint64_t capability; /* one bit; 0: a keyword that is none of these */
  int32_t error;
  uint32_t error_offset;    /* octets from the start of the text */
  smtp_parser_view keyword; /* as on the wire */
  smtp_parser_view value;   /* what follows it, without the white space around it */
} smtp_parser_capability_line;

/* Takes smtp_parser_reply.text of a line that is not the first. `line` may be NULL. Returns 1, or 0
 * when the call is wrong (see SMTP_PARSER_MISUSE). */
int32_t smtp_parser_capabilities_add(smtp_parser_capabilities* capabilities, smtp_parser_view text,
                                     smtp_parser_capability_line* line);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SMTP_PARSER_EHLO_H_ */

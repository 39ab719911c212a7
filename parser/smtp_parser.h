/* SMTP in C: octets in, commands, replies and bodies out. For servers and clients in C, and for any
 * language that can call C. C99 and C++.
 *
 * The contract of every feed function:
 *
 *   smtp_parser_result r = smtp_parser_commands_feed(&parser, data, size, &command);
 *
 *   `data` begins with the first octet that no earlier call consumed. Drop `r.consumed` leading
 *   octets and present the rest again, with more behind it, at any address. Any split of the same
 *   octets gives the same events, and one call returns at most one event, so that `consumed` is
 *   exact: what follows a STARTTLS or a DATA is untouched and you decide who reads it.
 *
 *   Views point into `data` and are valid as long as those octets stay where they are. They are not
 *   terminated by a NUL. Nothing is allocated, nothing is copied, no function fails for another
 *   reason than the octets, and nothing but libc is needed.
 *
 *   Different objects may be used by different threads at once; one object by one at a time.
 *
 * Stable ABI: a program built with this header runs with every later library of the same soname.
 * Values of constants do not change. Structs grow at their end only: set `struct_size` to the
 * sizeof of the struct, once, before its first use. The library writes no octet behind that size,
 * and fills members that it does not know with zeros. New verbs, errors and flags may come: treat
 * a value you do not know as you treat SMTP_PARSER_VERB_UNKNOWN or a syntax error.
 */
#ifndef SMTP_PARSER_H_
#define SMTP_PARSER_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMTP_PARSER_VERSION "0.1.0"

/* The version of the library that runs, as "0.1.0". */
const char* smtp_parser_version(void);

/* Octets of somebody else's memory. `data` may be NULL when `size` is 0. */
typedef struct smtp_parser_view {
  const char* data;
  size_t size;
} smtp_parser_view;

enum {
  SMTP_PARSER_NEED_MORE = 0, /* no event yet; what is not consumed must be presented again */
  SMTP_PARSER_READY = 1,     /* an event */
  SMTP_PARSER_REJECTED = 2, /* the octets are wrong: `error` and `error_offset` say why and where */
  SMTP_PARSER_MISUSE = 3    /* the call is wrong: a null pointer, an object that was not
                               initialised, or a struct_size that is too small. Nothing was done */
};

typedef struct smtp_parser_result {
  int32_t status;  /* one of the above */
  size_t consumed; /* octets */
} smtp_parser_result;

/* Why a line was rejected. The offset beside it counts octets from the start of the line. */
enum {
  SMTP_PARSER_ERROR_NONE = 0,
  SMTP_PARSER_ERROR_UNKNOWN_COMMAND = 1,
  SMTP_PARSER_ERROR_BAD_SYNTAX = 2,
  SMTP_PARSER_ERROR_BARE_CR = 3,
  SMTP_PARSER_ERROR_BARE_LF = 4,
  SMTP_PARSER_ERROR_NUL_OCTET = 5,
  SMTP_PARSER_ERROR_NON_ASCII = 6,
  SMTP_PARSER_ERROR_BAD_UTF8 = 7,
  SMTP_PARSER_ERROR_LINE_TOO_LONG = 8,
  SMTP_PARSER_ERROR_LOCAL_PART_TOO_LONG = 9,
  SMTP_PARSER_ERROR_DOMAIN_TOO_LONG = 10,
  SMTP_PARSER_ERROR_PATH_TOO_LONG = 11,
  SMTP_PARSER_ERROR_BAD_ADDRESS_LITERAL = 12,
  SMTP_PARSER_ERROR_NULL_PATH_NOT_ALLOWED = 13,
  SMTP_PARSER_ERROR_BAD_PARAMETER = 14,
  SMTP_PARSER_ERROR_DUPLICATE_PARAMETER = 15,
  SMTP_PARSER_ERROR_NUMBER_OVERFLOW = 16,
  SMTP_PARSER_ERROR_TOO_MANY_PARAMETERS = 17,
  SMTP_PARSER_ERROR_NEEDS_SMTPUTF8 = 18,
  SMTP_PARSER_ERROR_BAD_REPLY_CODE = 19,
  SMTP_PARSER_ERROR_CODE_MISMATCH = 20,
  SMTP_PARSER_ERROR_REPLY_TOO_LONG = 21,
  SMTP_PARSER_ERROR_TOO_MANY_LINES = 22
};

/* A short phrase for a person, as "bare LF"; "unknown error" for what is none. Static storage. */
const char* smtp_parser_error_name(int32_t error);

/* ---- Commands: the server's side ------------------------------------------------------------ */

enum {
  SMTP_PARSER_VERB_UNKNOWN = 0,
  SMTP_PARSER_VERB_EHLO = 1,      /* RFC 5321, 4.1.1.1 */
  SMTP_PARSER_VERB_HELO = 2,      /* RFC 5321, 4.1.1.1 */
  SMTP_PARSER_VERB_LHLO = 3,      /* RFC 2033, 4.1 */
  SMTP_PARSER_VERB_MAIL = 4,      /* RFC 5321, 4.1.1.2 */
  SMTP_PARSER_VERB_RCPT = 5,      /* RFC 5321, 4.1.1.3 */
  SMTP_PARSER_VERB_DATA = 6,      /* RFC 5321, 4.1.1.4 */
  SMTP_PARSER_VERB_BDAT = 7,      /* RFC 3030, 2 */
  SMTP_PARSER_VERB_RSET = 8,      /* RFC 5321, 4.1.1.5 */
  SMTP_PARSER_VERB_NOOP = 9,      /* RFC 5321, 4.1.1.9 */
  SMTP_PARSER_VERB_QUIT = 10,     /* RFC 5321, 4.1.1.10 */
  SMTP_PARSER_VERB_STARTTLS = 11, /* RFC 3207, 4 */
  SMTP_PARSER_VERB_AUTH = 12,     /* RFC 4954, 4 */
  SMTP_PARSER_VERB_VRFY = 13,     /* RFC 5321, 4.1.1.6 */
  SMTP_PARSER_VERB_EXPN = 14,     /* RFC 5321, 4.1.1.7 */
  SMTP_PARSER_VERB_HELP = 15,     /* RFC 5321, 4.1.1.8 */
  SMTP_PARSER_VERB_BURL = 16,     /* RFC 4468, 3.2 */
  SMTP_PARSER_VERB_ETRN = 17,     /* RFC 1985, 5 */
  SMTP_PARSER_VERB_ATRN = 18,     /* RFC 2645, 5 */
  SMTP_PARSER_VERB_XCLIENT = 19,  /* Postfix, XCLIENT_README */
  SMTP_PARSER_VERB_XFORWARD = 20, /* Postfix, XFORWARD_README */
  SMTP_PARSER_VERB_TURN = 21,     /* obsolete, as the rest (RFC 5321, F.1 and F.6) */
  SMTP_PARSER_VERB_SEND = 22,
  SMTP_PARSER_VERB_SOML = 23,
  SMTP_PARSER_VERB_SAML = 24
};

/* The verb in capitals; "UNKNOWN" for what is none. Static storage. */
const char* smtp_parser_verb_name(int32_t verb);

/* What a parser takes beyond the RFCs; leniency.h says what each flag admits. 0 is strict. */
enum {
  SMTP_PARSER_ALLOW_BARE_LF = 1 << 0,
  SMTP_PARSER_ALLOW_EXTRA_SPACE = 1 << 1,
  SMTP_PARSER_ALLOW_SPACE_AFTER_COLON = 1 << 2,
  SMTP_PARSER_ALLOW_NO_BRACKETS = 1 << 3,
  SMTP_PARSER_ALLOW_NO_DOMAIN = 1 << 4,
  SMTP_PARSER_ALLOW_ODD_DOTS = 1 << 5,
  SMTP_PARSER_ALLOW_UNDERSCORE = 1 << 6,
  SMTP_PARSER_ALLOW_TRAILING_DOT = 1 << 7,
  SMTP_PARSER_ALLOW_ANY_LITERAL = 1 << 8,
  SMTP_PARSER_ALLOW_NO_SMTPUTF8 = 1 << 9,
  SMTP_PARSER_ALLOW_ANY_HELLO = 1 << 10,
  SMTP_PARSER_ALLOW_NO_HELLO = 1 << 11,
  SMTP_PARSER_ALLOW_ARGUMENT = 1 << 12,
  SMTP_PARSER_ALLOW_LONG_LINE = 1 << 13,
  SMTP_PARSER_ALLOW_HELO_LITERAL = 1 << 14
};

enum {
  SMTP_PARSER_PROFILE_STRICT = 0,
  SMTP_PARSER_PROFILE_POSTFIX_LIKE = 1,
  SMTP_PARSER_PROFILE_PERMISSIVE = 2
};

/* The flags of a profile; those of the strict one, none, for what is no profile. */
uint32_t smtp_parser_profile_flags(int32_t profile);

enum {
  SMTP_PARSER_DOMAIN_NONE = 0,   /* "<>", "<Postmaster>"; EHLO with mere text, by leniency */
  SMTP_PARSER_DOMAIN_NAME = 1,   /* "b.example" */
  SMTP_PARSER_DOMAIN_IPV4 = 2,   /* "[192.0.2.1]" */
  SMTP_PARSER_DOMAIN_IPV6 = 3,   /* "[IPv6:2001:db8::1]" */
  SMTP_PARSER_DOMAIN_GENERAL = 4 /* "[tag:content]" */
};

/* Bits of smtp_parser_command.path_flags. */
enum {
  SMTP_PARSER_PATH_QUOTED = 1 << 0,  /* the local part is a quoted-string */
  SMTP_PARSER_PATH_ESCAPED = 1 << 1, /* and holds quoted-pairs: smtp_parser_decode_local_part() */
  SMTP_PARSER_PATH_UTF8 = 1 << 2     /* something in the path is not ASCII (RFC 6531) */
};

/* Bits of smtp_parser_command.parameters_present. */
#define SMTP_PARSER_PARAM_SIZE (UINT32_C(1) << 0)         /* RFC 1870: size */
#define SMTP_PARSER_PARAM_BODY (UINT32_C(1) << 1)         /* RFC 6152, RFC 3030: body */
#define SMTP_PARSER_PARAM_SMTPUTF8 (UINT32_C(1) << 2)     /* RFC 6531 */
#define SMTP_PARSER_PARAM_RET (UINT32_C(1) << 3)          /* RFC 3461: ret_full */
#define SMTP_PARSER_PARAM_ENVID (UINT32_C(1) << 4)        /* RFC 3461: envid */
#define SMTP_PARSER_PARAM_NOTIFY (UINT32_C(1) << 5)       /* RFC 3461: notify */
#define SMTP_PARSER_PARAM_ORCPT (UINT32_C(1) << 6)        /* RFC 3461: orcpt, _type, _address */
#define SMTP_PARSER_PARAM_AUTH (UINT32_C(1) << 7)         /* RFC 4954, 5: auth */
#define SMTP_PARSER_PARAM_BY (UINT32_C(1) << 8)           /* RFC 2852: by_s, by_notify, by_trace */
#define SMTP_PARSER_PARAM_HOLDFOR (UINT32_C(1) << 9)      /* RFC 4865: hold_for_s */
#define SMTP_PARSER_PARAM_HOLDUNTIL (UINT32_C(1) << 10)   /* RFC 4865: hold_until_s */
#define SMTP_PARSER_PARAM_MTRK (UINT32_C(1) << 11)        /* RFC 3885: mtrk, mtrk_s */
#define SMTP_PARSER_PARAM_MT_PRIORITY (UINT32_C(1) << 12) /* RFC 6710: mt_priority */
#define SMTP_PARSER_PARAM_RRVS (UINT32_C(1) << 13)        /* RFC 7293: rrvs_since_s, rrvs_action */
#define SMTP_PARSER_PARAM_REQUIRETLS (UINT32_C(1) << 14)  /* RFC 8689 */
#define SMTP_PARSER_PARAM_UNKNOWN (UINT32_C(1) << 31)     /* smtp_parser_next_parameter() */

enum { SMTP_PARSER_BODY_7BIT = 0, SMTP_PARSER_BODY_8BITMIME = 1, SMTP_PARSER_BODY_BINARYMIME = 2 };

/* Bits of smtp_parser_command.notify. */
enum {
  SMTP_PARSER_NOTIFY_NEVER = 1,
  SMTP_PARSER_NOTIFY_SUCCESS = 2,
  SMTP_PARSER_NOTIFY_FAILURE = 4,
  SMTP_PARSER_NOTIFY_DELAY = 8
};

/* What to do when the next server does not know RRVS (RFC 7293, 3.1). */
enum {
  SMTP_PARSER_RRVS_UNSPECIFIED = 0, /* means to reject */
  SMTP_PARSER_RRVS_CONTINUE = 1,
  SMTP_PARSER_RRVS_REJECT = 2
};

/* One command line. Members that do not belong to `verb` are zeros and empty views; of a rejected
 * line all are but the first group, and chunk_size and chunk_size_known. */
typedef struct smtp_parser_command {
  size_t struct_size; /* sizeof(smtp_parser_command): set it before the first use */
  int32_t verb;
  int32_t error;         /* of a rejected line */
  uint32_t error_offset; /* octets from the start of the line */
  int32_t pauses;        /* 1: what follows the line may be no command. After STARTTLS a handshake
                            (drop what is there already: RFC 3207, 4.2), after DATA a message, after
                            BDAT a chunk, after AUTH what smtp_parser_commands_feed_auth() takes,
                            after BURL, XCLIENT, ATRN and QUIT nothing until the reply */
  smtp_parser_view line; /* without its line end; empty when it was too long */

  smtp_parser_view argument; /* EHLO, HELO, LHLO: the domain or literal; VRFY, EXPN, HELP, NOOP: any
                                words, "<a@b> SMTPUTF8" too; AUTH: the mechanism; BURL: the URL;
                                ETRN: the node; ATRN: the domains */

  /* MAIL, RCPT, SEND, SOML, SAML: the path without its angle brackets (RFC 5321, 4.1.2) */
  smtp_parser_view mailbox;      /* "local@domain"; empty for the null reverse-path */
  smtp_parser_view local_part;   /* as on the wire, quotes and backslashes included */
  smtp_parser_view domain;       /* an address literal keeps its brackets */
  smtp_parser_view source_route; /* "@a,@b" of "<@a,@b:c@d>" */
  uint32_t domain_kind;
  uint32_t path_flags;

  /* The parameters of MAIL and RCPT, in the order of the bits that say which were given */
  uint32_t parameters_present;
  uint32_t notify;
  smtp_parser_view parameters; /* all of them, raw; XCLIENT, XFORWARD: the attributes */
  uint64_t size;               /* octets */
  int32_t body;
  int32_t ret_full;               /* RET: 1 FULL, 0 HDRS */
  smtp_parser_view envid;         /* xtext, still encoded; up to 100 octets */
  smtp_parser_view orcpt;         /* "rfc822;xtext"; up to 500 octets */
  smtp_parser_view orcpt_type;    /* "rfc822" */
  smtp_parser_view orcpt_address; /* "xtext", still encoded: smtp_parser_decode_orcpt() */
  smtp_parser_view auth;          /* AUTH=: xtext or "<>" */
  int32_t by_s;                   /* seconds */
  int32_t by_notify;              /* BY: 1 "N", 0 "R" */
  int32_t by_trace;
  uint32_t hold_for_s;
  int64_t hold_until_s;  /* seconds since 1970-01-01T00:00:00Z */
  smtp_parser_view mtrk; /* base64 without "=" */
  uint32_t mtrk_s;       /* 0: no time-out */
  int32_t mt_priority;   /* -9 to 9 */
  int64_t rrvs_since_s;  /* seconds since 1970-01-01T00:00:00Z */
  int32_t rrvs_action;

  /* BDAT, and chunk_last of BURL. The octets of a rejected BDAT follow all the same: skip them with
   * a smtp_parser_chunk, or close the connection when their number is not known. */
  int32_t chunk_last;
  uint64_t chunk_size; /* octets that follow the line; 0 where that is not known */
  int32_t chunk_size_known;

  /* AUTH */
  int32_t has_initial_response;
  smtp_parser_view initial_response; /* base64 or "=" */

  uint32_t hello_kind; /* EHLO, HELO, LHLO: what `argument` is, as domain_kind */
  uint32_t reserved;
} smtp_parser_command;

/* What a client says while an AUTH goes on (RFC 4954, 4). */
typedef struct smtp_parser_auth_response {
  size_t struct_size; /* sizeof(smtp_parser_auth_response) */
  int32_t error;
  uint32_t error_offset;
  int32_t cancelled; /* "*" */
  int32_t reserved;
  smtp_parser_view base64; /* may be empty */
} smtp_parser_auth_response;

/* A parser of command lines. Its place is yours; it needs no release and may be copied, and so may
 * all the other ones below. At most 256 octets each. */
typedef struct smtp_parser_commands {
  uint64_t opaque[8];
} smtp_parser_commands;

/* `flags`: bits of SMTP_PARSER_ALLOW_*, as smtp_parser_profile_flags() gives them; 0 is strict. */
void smtp_parser_commands_init(smtp_parser_commands* parser, uint32_t flags);

/* READY: `command` holds a command that follows the grammar. REJECTED: it says why; the line is
 * consumed to its end, and the next call begins with the next command. */
smtp_parser_result smtp_parser_commands_feed(smtp_parser_commands* parser, const char* data,
                                             size_t size, smtp_parser_command* command);

/* Instead of smtp_parser_commands_feed(), after an AUTH that was answered with 334: takes the line
 * as the client's response, base64 or "*", and never as a command. */
smtp_parser_result smtp_parser_commands_feed_auth(smtp_parser_commands* parser, const char* data,
                                                  size_t size, smtp_parser_auth_response* response);

/* One parameter of MAIL or RCPT, or one attribute of XCLIENT or XFORWARD. */
typedef struct smtp_parser_parameter {
  smtp_parser_view keyword;
  smtp_parser_view value; /* empty when there is none; as on the wire */
} smtp_parser_parameter;

/* Takes the next parameter off the front of `rest`, which begins as smtp_parser_command.parameters:
 *   smtp_parser_view rest = command.parameters;
 *   while (smtp_parser_next_parameter(&rest, &parameter)) ...
 * Returns 0 at the end. */
int32_t smtp_parser_next_parameter(smtp_parser_view* rest, smtp_parser_parameter* parameter);

#define SMTP_PARSER_NO_ROOM SIZE_MAX

/* Write a local part without its quotes and quoted-pairs; xtext with each "+41" replaced by the
 * octet that it stands for; the address of an ORCPT, whose `type` is needed because that of type
 * "utf-8" has "\x{20AC}" where others have xtext (RFC 6533, 3). All return how many octets they
 * wrote: never more than they were given. SMTP_PARSER_NO_ROOM, and nothing is written, when
 * `capacity` is less than that. */
size_t smtp_parser_decode_local_part(smtp_parser_view local_part, char* out, size_t capacity);
size_t smtp_parser_decode_xtext(smtp_parser_view xtext, char* out, size_t capacity);
size_t smtp_parser_decode_orcpt(smtp_parser_view type, smtp_parser_view address, char* out,
                                size_t capacity);

/* ---- Bodies -----------------------------------------------------------------------------------
 */

#define SMTP_PARSER_NOWHERE UINT64_MAX

/* What is wrong with the lines of a body: the offset of the first octet of each kind, in octets
 * from the start of the body as it came, or SMTP_PARSER_NOWHERE. */
typedef struct smtp_parser_body_faults {
  size_t struct_size; /* sizeof(smtp_parser_body_faults) */
  uint64_t first_bare_cr;
  uint64_t first_bare_lf;
  uint64_t first_nul;
  uint64_t first_overlong;  /* the first octet beyond the limit of its line */
  uint64_t first_non_ascii; /* wrong unless BODY=8BITMIME or SMTPUTF8 was given */
} smtp_parser_body_faults;

/* Zeros mean the defaults, which are strict. */
typedef struct smtp_parser_body_options {
  size_t struct_size;        /* sizeof(smtp_parser_body_options) */
  uint32_t max_line;         /* octets of a line, CRLF included; 0: 1000 (RFC 5321, 4.5.3.1.6) */
  int32_t bare_lf_ends_line; /* 1: LF without CR is a line end too. SMTP smuggling lives on this */
} smtp_parser_body_options;

/* The message behind a DATA: finds CRLF.CRLF, or .CRLF at the very start, and nothing else, as its
 * end, and takes the stuffed dots out. */
typedef struct smtp_parser_data {
  uint64_t opaque[24];
} smtp_parser_data;

/* `options` may be NULL. */
void smtp_parser_data_init(smtp_parser_data* parser, const smtp_parser_body_options* options);

/* NEED_MORE: `piece` holds octets of the message, perhaps none; go on behind `consumed`, which is
 * at least 1 unless size is 0. READY: the end of the message; `piece` holds its last octets. Never
 * REJECTED: the faults are for you to judge. `piece` points into `data` or into static storage. */
smtp_parser_result smtp_parser_data_feed(smtp_parser_data* parser, const char* data, size_t size,
                                         smtp_parser_view* piece);
uint64_t smtp_parser_data_octets(const smtp_parser_data* parser); /* handed out so far */
/* Returns 1, or 0 when the call is wrong (see SMTP_PARSER_MISUSE). */
int32_t smtp_parser_data_faults(const smtp_parser_data* parser, smtp_parser_body_faults* faults);

/* The octets of one BDAT chunk, or of a rejected one that has to be skipped (RFC 3030, 2). */
typedef struct smtp_parser_chunk {
  uint64_t opaque[4];
} smtp_parser_chunk;

void smtp_parser_chunk_init(smtp_parser_chunk* parser, uint64_t chunk_size);
/* READY with the last octet of the chunk, at once for an empty one; NEED_MORE before. */
smtp_parser_result smtp_parser_chunk_feed(smtp_parser_chunk* parser, const char* data, size_t size,
                                          smtp_parser_view* piece);
uint64_t smtp_parser_chunk_remaining(const smtp_parser_chunk* parser);

/* Looks for the faults of a body that comes in chunks: give it each piece of all the chunks of one
 * message, and say when they have ended. Not for BODY=BINARYMIME, which has no lines. */
typedef struct smtp_parser_checker {
  uint64_t opaque[24];
} smtp_parser_checker;

void smtp_parser_checker_init(smtp_parser_checker* checker,
                              const smtp_parser_body_options* options);
void smtp_parser_checker_check(smtp_parser_checker* checker, const char* data, size_t size);
void smtp_parser_checker_finish(smtp_parser_checker* checker);
/* Returns 1, or 0 when the call is wrong. */
int32_t smtp_parser_checker_faults(const smtp_parser_checker* checker,
                                   smtp_parser_body_faults* faults);

/* ---- Replies: the client's side ----------------------------------------------------------------
 */

/* Whether somebody asked for the reply a line belongs to; see smtp_parser_replies_expect(). */
enum {
  SMTP_PARSER_ORIGIN_NOT_COUNTED = 0,
  SMTP_PARSER_ORIGIN_EXPECTED = 1,
  SMTP_PARSER_ORIGIN_UNSOLICITED = 2,
  SMTP_PARSER_ORIGIN_SHUTDOWN = 3 /* a 421 that nothing asked for, which a server may send */
};

/* One line of a reply (RFC 5321, 4.2.1). */
typedef struct smtp_parser_reply {
  size_t struct_size; /* sizeof(smtp_parser_reply) */
  int32_t error;      /* of a rejected line */
  uint32_t error_offset;
  uint32_t code; /* 200 to 559 */
  int32_t first; /* of its reply */
  int32_t last;  /* of its reply */
  int32_t origin;
  uint32_t enhanced_class; /* RFC 2034: 2, 4 or 5, as the first digit of `code`; 0: there is none */
  uint32_t enhanced_subject;
  uint32_t enhanced_detail;
  int32_t enhanced_mismatch; /* 1: there is one, but its class is another: it is not taken */
  smtp_parser_view text;     /* behind the code and its separator, enhanced code included */
} smtp_parser_reply;

/* Zeros mean the defaults, which are strict. */
typedef struct smtp_parser_reply_options {
  size_t struct_size;        /* sizeof(smtp_parser_reply_options) */
  uint32_t max_line;         /* octets of a line, CRLF included; 0: 512 (RFC 5321, 4.5.3.1.5) */
  uint32_t max_lines;        /* of one reply; 0: 200 */
  uint32_t max_reply;        /* octets of one reply; 0: 65536 */
  int32_t bare_lf_ends_line; /* 1: LF without CR is a line end too */
  int32_t any_text;          /* 1: text may hold any octet but NUL, CR and LF */
  int32_t reserved;
} smtp_parser_reply_options;

typedef struct smtp_parser_replies {
  uint64_t opaque[16];
} smtp_parser_replies;

/* `options` may be NULL. */
void smtp_parser_replies_init(smtp_parser_replies* parser,
                              const smtp_parser_reply_options* options);

/* An event a line. An error is final: nothing behind a malformed reply can be trusted, every later
 * call returns it again and consumes nothing. What follows the 220 to STARTTLS is untouched: when
 * anything is there already, it was injected. */
smtp_parser_result smtp_parser_replies_feed(smtp_parser_replies* parser, const char* data,
                                            size_t size, smtp_parser_reply* reply);

/* Says that `replies` more replies are due, before a command is sent; from the first call on each
 * line says whether its reply was asked for. In LMTP the end of a message is due one reply for each
 * accepted recipient (RFC 2033). */
void smtp_parser_replies_expect(smtp_parser_replies* parser, uint32_t replies);
uint64_t smtp_parser_replies_awaited(const smtp_parser_replies* parser);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SMTP_PARSER_H_ */

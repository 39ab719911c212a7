// The ABI of the C headers on x86-64: where each member is, how large it is, and how large its
// struct. Programs are built against these numbers. A member may be added behind the last one of a
// struct that has struct_size, and its size grown here; any other change needs a new soname.
#include <cstddef>

#include "parser/smtp_parser.h"
#include "parser/smtp_parser_ehlo.h"

#if defined(__x86_64__) && defined(__LP64__)

// A member's offset and size, in octets.
#define PIN(type, member, at, octets)            \
  static_assert(offsetof(type, member) == (at)); \
  static_assert(sizeof(type::member) == (octets))
#define PIN_SIZE(type, octets)             \
  static_assert(sizeof(type) == (octets)); \
  static_assert(alignof(type) == 8)

PIN(smtp_parser_view, data, 0, 8);
PIN(smtp_parser_view, size, 8, 8);
PIN_SIZE(smtp_parser_view, 16);

PIN(smtp_parser_result, status, 0, 4);
PIN(smtp_parser_result, consumed, 8, 8);
PIN_SIZE(smtp_parser_result, 16);

PIN(smtp_parser_command, struct_size, 0, 8);
PIN(smtp_parser_command, verb, 8, 4);
PIN(smtp_parser_command, error, 12, 4);
PIN(smtp_parser_command, error_offset, 16, 4);
PIN(smtp_parser_command, pauses, 20, 4);
PIN(smtp_parser_command, line, 24, 16);
PIN(smtp_parser_command, argument, 40, 16);
PIN(smtp_parser_command, mailbox, 56, 16);
PIN(smtp_parser_command, local_part, 72, 16);
PIN(smtp_parser_command, domain, 88, 16);
PIN(smtp_parser_command, source_route, 104, 16);
PIN(smtp_parser_command, domain_kind, 120, 4);
PIN(smtp_parser_command, path_flags, 124, 4);
PIN(smtp_parser_command, parameters_present, 128, 4);
PIN(smtp_parser_command, notify, 132, 4);
PIN(smtp_parser_command, parameters, 136, 16);
PIN(smtp_parser_command, size, 152, 8);
PIN(smtp_parser_command, body, 160, 4);
PIN(smtp_parser_command, ret_full, 164, 4);
PIN(smtp_parser_command, envid, 168, 16);
PIN(smtp_parser_command, orcpt, 184, 16);
PIN(smtp_parser_command, orcpt_type, 200, 16);
PIN(smtp_parser_command, orcpt_address, 216, 16);
PIN(smtp_parser_command, auth, 232, 16);
PIN(smtp_parser_command, by_s, 248, 4);
PIN(smtp_parser_command, by_notify, 252, 4);
PIN(smtp_parser_command, by_trace, 256, 4);
PIN(smtp_parser_command, hold_for_s, 260, 4);
PIN(smtp_parser_command, hold_until_s, 264, 8);
PIN(smtp_parser_command, mtrk, 272, 16);
PIN(smtp_parser_command, mtrk_s, 288, 4);
PIN(smtp_parser_command, mt_priority, 292, 4);
PIN(smtp_parser_command, rrvs_since_s, 296, 8);
PIN(smtp_parser_command, rrvs_action, 304, 4);
PIN(smtp_parser_command, chunk_last, 308, 4);
PIN(smtp_parser_command, chunk_size, 312, 8);
PIN(smtp_parser_command, chunk_size_known, 320, 4);
PIN(smtp_parser_command, has_initial_response, 324, 4);
PIN(smtp_parser_command, initial_response, 328, 16);
PIN(smtp_parser_command, hello_kind, 344, 4);
PIN(smtp_parser_command, reserved, 348, 4);
PIN_SIZE(smtp_parser_command, 352);

PIN(smtp_parser_auth_response, struct_size, 0, 8);
PIN(smtp_parser_auth_response, error, 8, 4);
PIN(smtp_parser_auth_response, error_offset, 12, 4);
PIN(smtp_parser_auth_response, cancelled, 16, 4);
PIN(smtp_parser_auth_response, reserved, 20, 4);
PIN(smtp_parser_auth_response, base64, 24, 16);
PIN_SIZE(smtp_parser_auth_response, 40);

PIN(smtp_parser_commands, opaque, 0, 64);
PIN_SIZE(smtp_parser_commands, 64);

PIN(smtp_parser_parameter, keyword, 0, 16);
PIN(smtp_parser_parameter, value, 16, 16);
PIN_SIZE(smtp_parser_parameter, 32);

PIN(smtp_parser_body_faults, struct_size, 0, 8);
PIN(smtp_parser_body_faults, first_bare_cr, 8, 8);
PIN(smtp_parser_body_faults, first_bare_lf, 16, 8);
PIN(smtp_parser_body_faults, first_nul, 24, 8);
PIN(smtp_parser_body_faults, first_overlong, 32, 8);
PIN(smtp_parser_body_faults, first_non_ascii, 40, 8);
PIN_SIZE(smtp_parser_body_faults, 48);

PIN(smtp_parser_body_options, struct_size, 0, 8);
PIN(smtp_parser_body_options, max_line, 8, 4);
PIN(smtp_parser_body_options, bare_lf_ends_line, 12, 4);
PIN_SIZE(smtp_parser_body_options, 16);

PIN(smtp_parser_data, opaque, 0, 192);
PIN_SIZE(smtp_parser_data, 192);

PIN(smtp_parser_chunk, opaque, 0, 32);
PIN_SIZE(smtp_parser_chunk, 32);

PIN(smtp_parser_checker, opaque, 0, 192);
PIN_SIZE(smtp_parser_checker, 192);

PIN(smtp_parser_reply, struct_size, 0, 8);
PIN(smtp_parser_reply, error, 8, 4);
PIN(smtp_parser_reply, error_offset, 12, 4);
PIN(smtp_parser_reply, code, 16, 4);
PIN(smtp_parser_reply, first, 20, 4);
PIN(smtp_parser_reply, last, 24, 4);
PIN(smtp_parser_reply, origin, 28, 4);
PIN(smtp_parser_reply, enhanced_class, 32, 4);
PIN(smtp_parser_reply, enhanced_subject, 36, 4);
PIN(smtp_parser_reply, enhanced_detail, 40, 4);
PIN(smtp_parser_reply, enhanced_mismatch, 44, 4);
PIN(smtp_parser_reply, text, 48, 16);
PIN_SIZE(smtp_parser_reply, 64);

PIN(smtp_parser_reply_options, struct_size, 0, 8);
PIN(smtp_parser_reply_options, max_line, 8, 4);
PIN(smtp_parser_reply_options, max_lines, 12, 4);
PIN(smtp_parser_reply_options, max_reply, 16, 4);
PIN(smtp_parser_reply_options, bare_lf_ends_line, 20, 4);
PIN(smtp_parser_reply_options, any_text, 24, 4);
PIN(smtp_parser_reply_options, reserved, 28, 4);
PIN_SIZE(smtp_parser_reply_options, 32);

PIN(smtp_parser_replies, opaque, 0, 128);
PIN_SIZE(smtp_parser_replies, 128);

PIN(smtp_parser_capabilities, struct_size, 0, 8);
PIN(smtp_parser_capabilities, offered, 8, 8);
PIN(smtp_parser_capabilities, malformed, 16, 8);
PIN(smtp_parser_capabilities, size_limit, 24, 8);
PIN(smtp_parser_capabilities, hold_until_max_s, 32, 8);
PIN(smtp_parser_capabilities, hold_for_max_s, 40, 4);
PIN(smtp_parser_capabilities, deliver_by_min_s, 44, 4);
PIN(smtp_parser_capabilities, mechanisms, 48, 4);
PIN(smtp_parser_capabilities, mail_max, 52, 4);
PIN(smtp_parser_capabilities, rcpt_max, 56, 4);
PIN(smtp_parser_capabilities, rcpt_domain_max, 60, 4);
PIN(smtp_parser_capabilities, xclient, 64, 4);
PIN(smtp_parser_capabilities, xforward, 68, 4);
PIN(smtp_parser_capabilities, priority_profile, 72, 4);
PIN(smtp_parser_capabilities, burl_imap, 76, 4);
PIN_SIZE(smtp_parser_capabilities, 80);

PIN(smtp_parser_capability_line, struct_size, 0, 8);
PIN(smtp_parser_capability_line, capability, 8, 8);
PIN(smtp_parser_capability_line, error, 16, 4);
PIN(smtp_parser_capability_line, error_offset, 20, 4);
PIN(smtp_parser_capability_line, keyword, 24, 16);
PIN(smtp_parser_capability_line, value, 40, 16);
PIN_SIZE(smtp_parser_capability_line, 56);

#endif

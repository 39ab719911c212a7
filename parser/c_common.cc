// What all parts of smtp_parser.h have in common.
#include <array>

#include "parser/c_api.h"
#include "parser/command_parser.h"
#include "parser/leniency.h"

namespace smtpmark::parser {
namespace {

// The numbers of the C header never change, whatever happens to the order of the C++ ones.
constexpr std::int32_t number_of(SyntaxError error) noexcept {
  switch (error) {
    case SyntaxError::kNone: return SMTP_PARSER_ERROR_NONE;
    case SyntaxError::kUnknownCommand: return SMTP_PARSER_ERROR_UNKNOWN_COMMAND;
    case SyntaxError::kBadSyntax: return SMTP_PARSER_ERROR_BAD_SYNTAX;
    case SyntaxError::kBareCr: return SMTP_PARSER_ERROR_BARE_CR;
    case SyntaxError::kBareLf: return SMTP_PARSER_ERROR_BARE_LF;
    case SyntaxError::kNulOctet: return SMTP_PARSER_ERROR_NUL_OCTET;
    case SyntaxError::kNonAscii: return SMTP_PARSER_ERROR_NON_ASCII;
    case SyntaxError::kBadUtf8: return SMTP_PARSER_ERROR_BAD_UTF8;
    case SyntaxError::kLineTooLong: return SMTP_PARSER_ERROR_LINE_TOO_LONG;
    case SyntaxError::kLocalPartTooLong: return SMTP_PARSER_ERROR_LOCAL_PART_TOO_LONG;
    case SyntaxError::kDomainTooLong: return SMTP_PARSER_ERROR_DOMAIN_TOO_LONG;
    case SyntaxError::kPathTooLong: return SMTP_PARSER_ERROR_PATH_TOO_LONG;
    case SyntaxError::kBadAddressLiteral: return SMTP_PARSER_ERROR_BAD_ADDRESS_LITERAL;
    case SyntaxError::kNullPathNotAllowed: return SMTP_PARSER_ERROR_NULL_PATH_NOT_ALLOWED;
    case SyntaxError::kBadParameter: return SMTP_PARSER_ERROR_BAD_PARAMETER;
    case SyntaxError::kDuplicateParameter: return SMTP_PARSER_ERROR_DUPLICATE_PARAMETER;
    case SyntaxError::kNumberOverflow: return SMTP_PARSER_ERROR_NUMBER_OVERFLOW;
    case SyntaxError::kTooManyParameters: return SMTP_PARSER_ERROR_TOO_MANY_PARAMETERS;
    case SyntaxError::kNeedsSmtpUtf8: return SMTP_PARSER_ERROR_NEEDS_SMTPUTF8;
    case SyntaxError::kBadReplyCode: return SMTP_PARSER_ERROR_BAD_REPLY_CODE;
    case SyntaxError::kCodeMismatch: return SMTP_PARSER_ERROR_CODE_MISMATCH;
    case SyntaxError::kReplyTooLong: return SMTP_PARSER_ERROR_REPLY_TOO_LONG;
    case SyntaxError::kTooManyLines: return SMTP_PARSER_ERROR_TOO_MANY_LINES;
  }
  return SMTP_PARSER_ERROR_BAD_SYNTAX;
}

// The errors of C++ by their numbers in C.
constexpr auto kErrors = [] {
  std::array<SyntaxError, static_cast<std::size_t>(SMTP_PARSER_ERROR_TOO_MANY_LINES) + 1> errors{};
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto error = static_cast<SyntaxError>(i);
    errors[static_cast<std::size_t>(number_of(error))] = error;
  }
  return errors;
}();

}  // namespace

std::int32_t to_c(SyntaxError error) noexcept {
  return number_of(error);
}

}  // namespace smtpmark::parser

namespace parser = smtpmark::parser;

// The names in C are those of C++, which are literals and so end with NUL.
extern "C" {

const char* smtp_parser_version(void) {
  return SMTP_PARSER_VERSION;
}

const char* smtp_parser_error_name(int32_t error) {
  if (error < 0 || static_cast<std::size_t>(error) >= parser::kErrors.size()) {
    return "unknown error";
  }
  return to_string(parser::kErrors[static_cast<std::size_t>(error)]).data();
}

const char* smtp_parser_verb_name(int32_t verb) {
  if (verb < 0 || static_cast<std::size_t>(verb) >= parser::kVerbs) return "UNKNOWN";
  return to_string(static_cast<parser::Verb>(verb)).data();
}

uint32_t smtp_parser_profile_flags(int32_t profile) {
  for (const parser::Profile known : parser::kAllProfiles) {
    if (static_cast<int32_t>(known) == profile) return leniencies_of(known);
  }
  return 0;
}

}  // extern "C"

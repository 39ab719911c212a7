// The bodies of smtp_parser.h.
#include "parser/body_framer.h"
#include "parser/c_api.h"

namespace smtpmark::parser {
namespace {

using PlacedData = Placed<DataFramer, smtp_parser_data, 'd'>;
using PlacedChunk = Placed<ChunkFramer, smtp_parser_chunk, 'b'>;
using PlacedChecker = Placed<BodyChecker, smtp_parser_checker, 'k'>;

static_assert(BodyFaults::kNowhere == SMTP_PARSER_NOWHERE);

BodyOptions options_of(const smtp_parser_body_options* given) noexcept {
  const smtp_parser_body_options known = read(given);
  BodyOptions options;
  if (known.max_line != 0) options.max_line = known.max_line;
  options.bare_lf_ends_line = known.bare_lf_ends_line != 0;
  return options;
}

std::int32_t write(const BodyFaults& faults, smtp_parser_body_faults* out) noexcept {
  if (!is_usable(out)) return 0;
  fill(out, [&](smtp_parser_body_faults& target) {
    target.first_bare_cr = faults.first_bare_cr;
    target.first_bare_lf = faults.first_bare_lf;
    target.first_nul = faults.first_nul;
    target.first_overlong = faults.first_overlong;
    target.first_non_ascii = faults.first_non_ascii;
  });
  return 1;
}

template <typename Framer>
smtp_parser_result feed(Framer* framer, smtp_parser_view bytes, smtp_parser_view* piece) noexcept {
  if (framer == nullptr || piece == nullptr || !is_usable(bytes)) return kMisuse;
  std::string_view handed_out;
  const FeedResult result = framer->feed(from_c(bytes), handed_out);
  *piece = to_c(handed_out);
  return to_c(result);
}

}  // namespace
}  // namespace smtpmark::parser

namespace parser = smtpmark::parser;

extern "C" {

void smtp_parser_data_init(smtp_parser_data* place, const smtp_parser_body_options* options) {
  parser::PlacedData::init(place, parser::DataFramer(parser::options_of(options)));
}

smtp_parser_result smtp_parser_data_feed(smtp_parser_data* place, const char* data, size_t size,
                                         smtp_parser_view* piece) {
  return parser::feed(parser::PlacedData::in(place), {data, size}, piece);
}

uint64_t smtp_parser_data_octets(const smtp_parser_data* place) {
  const parser::DataFramer* const framer = parser::PlacedData::in(place);
  return framer == nullptr ? 0 : framer->octets();
}

int32_t smtp_parser_data_faults(const smtp_parser_data* place, smtp_parser_body_faults* faults) {
  const parser::DataFramer* const framer = parser::PlacedData::in(place);
  return framer == nullptr ? 0 : parser::write(framer->faults(), faults);
}

void smtp_parser_chunk_init(smtp_parser_chunk* place, uint64_t chunk_size) {
  parser::PlacedChunk::init(place, parser::ChunkFramer(chunk_size));
}

smtp_parser_result smtp_parser_chunk_feed(smtp_parser_chunk* place, const char* data, size_t size,
                                          smtp_parser_view* piece) {
  return parser::feed(parser::PlacedChunk::in(place), {data, size}, piece);
}

uint64_t smtp_parser_chunk_remaining(const smtp_parser_chunk* place) {
  const parser::ChunkFramer* const framer = parser::PlacedChunk::in(place);
  return framer == nullptr ? 0 : framer->remaining();
}

void smtp_parser_checker_init(smtp_parser_checker* place, const smtp_parser_body_options* options) {
  parser::PlacedChecker::init(place, parser::BodyChecker(parser::options_of(options)));
}

void smtp_parser_checker_check(smtp_parser_checker* place, const char* data, size_t size) {
  parser::BodyChecker* const checker = parser::PlacedChecker::in(place);
  const smtp_parser_view bytes{data, size};
  if (checker != nullptr && parser::is_usable(bytes)) checker->check(parser::from_c(bytes));
}

void smtp_parser_checker_finish(smtp_parser_checker* place) {
  parser::BodyChecker* const checker = parser::PlacedChecker::in(place);
  if (checker != nullptr) checker->finish();
}

int32_t smtp_parser_checker_faults(const smtp_parser_checker* place,
                                   smtp_parser_body_faults* faults) {
  const parser::BodyChecker* const checker = parser::PlacedChecker::in(place);
  return checker == nullptr ? 0 : parser::write(checker->faults(), faults);
}

}  // extern "C"

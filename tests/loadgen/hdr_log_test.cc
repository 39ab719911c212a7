// The form of the log; whether a foreign reader understands it is tested in hdr_log_test.py.
#include "loadgen/hdr_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "loadgen/base64.h"
#include "tests/loadgen/sample_result.h"

namespace smtpmark::loadgen::testing {
namespace {

using ::testing::HasSubstr;

std::uint64_t number_at(const std::string& bytes, std::size_t offset, std::size_t octets) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < octets; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes.at(offset + i));
  }
  return number;
}

// The histogram behind base64 and zlib.
std::string unpacked(const std::string& text) {
  const std::string framed = base64_decode(text).value();
  EXPECT_EQ(number_at(framed, 0, 4), 0x1C849314U);
  EXPECT_EQ(number_at(framed, 4, 4), framed.size() - 8);
  std::string plain(1 << 20, '\0');
  uLongf size = plain.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                       reinterpret_cast<const Bytef*>(framed.data() + 8), framed.size() - 8),
            Z_OK);
  plain.resize(size);
  return plain;
}

TEST(HdrLog, AnEmptyHistogramIsItsHeaderAlone) {
  const std::string plain = unpacked(encode_hdr(Histogram()));
  ASSERT_EQ(plain.size(), 40U);
  EXPECT_EQ(number_at(plain, 0, 4), 0x1C849313U);
  EXPECT_EQ(number_at(plain, 4, 4), 0U) << "octets of counts";
  EXPECT_EQ(number_at(plain, 12, 4), 3U) << "significant digits";
  EXPECT_EQ(number_at(plain, 16, 8), 1U);
  EXPECT_EQ(number_at(plain, 24, 8), Histogram::kHighest);
}

TEST(HdrLog, CountsAreZigZagNumbersAndZerosARun) {
  Histogram histogram;
  histogram.record(0);
  for (int i = 0; i < 200; ++i) histogram.record(3);
  const std::string plain = unpacked(encode_hdr(histogram));
  // 1; two zeros: -2; 200 in two octets.
  EXPECT_EQ(plain.substr(40), std::string("\x02\x03\x90\x03", 4));
}

TEST(HdrLog, ALineForEachPhaseOfTheMeasuredPart) {
  nlohmann::json result = sample_result("a b,c");
  result["started_utc"] = "2026-01-31T12:34:56Z";
  const std::string log = render_hdr_log(result);
  EXPECT_THAT(log, HasSubstr("#[StartTime: 1769862896.000 (seconds since epoch)"));
  EXPECT_THAT(log, HasSubstr("Tag=a_b_c/message,0.000,2.000,100.000,HISTFAAA"));
  result["jobs"][0]["phases"]["message"]["outside_window"] = true;
  EXPECT_EQ(render_hdr_log(result).find("Tag="), std::string::npos);
}

}  // namespace
}  // namespace smtpmark::loadgen::testing

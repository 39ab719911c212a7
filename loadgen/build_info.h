// What this program was built from.
#ifndef SMTPMARK_LOADGEN_BUILD_INFO_H_
#define SMTPMARK_LOADGEN_BUILD_INFO_H_

namespace smtpmark::loadgen {

extern const char* const kVersion;
extern const char* const kGitCommit;  // with "-dirty" when the tree had changes
extern const char* const kCompiler;
extern const char* const kBuildType;
extern const char* const kLiburingVersion;

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_BUILD_INFO_H_

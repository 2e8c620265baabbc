# Puts the page of reports together and writes it as a C++ source.
#
#   cmake -DTEMPLATE=page.html -DSTYLE=page.css "-DSCRIPTS=a.js;b.js" -DCHART_JS=chart.min.js
#         -DOUTPUT=page_source.cpp -P embed_page.cmake
#
# The scripts are ES modules of one folder; in one piece they need neither imports nor exports.

file(READ ${TEMPLATE} page)
file(READ ${STYLE} style)
file(READ ${CHART_JS} chart)
# There are no source maps beside a report.
string(REGEX REPLACE "\n//# sourceMappingURL=[^\n]*" "" chart "${chart}")

set(script "")
foreach(path IN LISTS SCRIPTS)
  file(READ ${path} module)
  string(REGEX REPLACE "import {[^}]*}[ \n]+from '[^']*';\n" "" module "${module}")
  string(REGEX REPLACE "(^|\n)export " "\\1" module "${module}")
  string(APPEND script "${module}\n")
endforeach()

string(REPLACE "/*STYLE*/" "${style}" page "${page}")
string(REPLACE "/*CHART*/" "${chart}" page "${page}")
string(REPLACE "/*SCRIPT*/" "${script}" page "${page}")

set(text_file ${OUTPUT}.html)
file(WRITE ${text_file} "${page}")
file(READ ${text_file} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUTPUT} "#include \"app/report/page_source.h\"

namespace tessera::app {
namespace {

constexpr unsigned char kPage[] = {
${hex}
};

}  // namespace

std::string_view page_source() {
  return {reinterpret_cast<const char*>(kPage), sizeof kPage};
}

}  // namespace tessera::app
")

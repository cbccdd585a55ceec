#include "items/values_model.h"
#include "look/theme.h"
#include "pages/page.h"
#include "pages/page_table.h"
#include "support.h"
#include "support/onnx_builder.h"

#include <QLabel>
#include <QTableView>
#include <QTemporaryDir>

#include <numeric>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

/// Everything that a page says but the elements of tensors: labels and tables.
QStringList wordsOf(const QWidget &page)
{
    QStringList words;
    for (const auto *label : page.findChildren<QLabel *>())
        if (label->isVisibleTo(&page) && !label->text().isEmpty())
            words << label->text();
    QList<const QAbstractItemModel *> printed; // one may stand in two tables
    for (const auto *table : page.findChildren<QTableView *>())
        if (table->isVisibleTo(&page) && table->model() && !qobject_cast<const ValuesModel *>(table->model())
            && !printed.contains(table->model())) {
            printed << table->model();
            words << test::printed(*table->model());
        }
    return words;
}

/// y = x W, W of 6 rows and 4 columns, stored as 4 rows of 6: no stored axis holds the outputs. Codes -12 .. 11 in
/// quarters.
std::string withoutChannelAxis()
{
    std::vector<std::int8_t> codes(24);
    std::iota(codes.begin(), codes.end(), std::int8_t{-12});
    test::OnnxBuilder builder;
    builder.input("x").output("y");
    builder.tensor<std::int8_t>("codes", {4, 6}, codes).tensor<float>("scale", {}, {0.25f});
    builder.tensor<std::int8_t>("zero", {}, {0}).tensor<std::int64_t>("shape", {2}, {6, 4});
    builder.node("DequantizeLinear", {"codes", "scale", "zero"}, {"stored"})
        .node("Reshape", {"stored", "shape"}, {"w"});
    return builder.node("MatMul", {"x", "w"}, {"y"}, "mm").model();
}

} // namespace

/// All that pages say of kinds of weights of which something is not known.
class PageWordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light); // colours stand in words
    }
    void init() { test::failOnWarnings(); }

    void words_data();
    void words()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        QFETCH(int, page);
        QFETCH(QString, words);
        QTemporaryDir folder;
        std::string path = test::data(file.toStdString());
        if (file.isEmpty()) {
            QFile written(folder.filePath(u"m.onnx"_s));
            QVERIFY(written.open(QIODevice::WriteOnly));
            written.write(QByteArray::fromStdString(withoutChannelAxis()));
            path = str(written.fileName());
        }
        Session session;
        QVERIFY(test::openAndWait(session, path));
        session.selectLayers({layer});
        const std::unique_ptr<Page> shown(pageRow(static_cast<PageId>(page)).make(session, nullptr));
        shown->resize(1000, 800);
        shown->show();
        shown->refreshNow();
        QTRY_COMPARE_WITH_TIMEOUT(wordsOf(*shown).join(u'|'), words, 30000);
    }
};

void PageWordsTest::words_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("layer");
    QTest::addColumn<int>("page");
    QTest::addColumn<QString>("words");
    QString kind, file, layer;
    const auto of = [&](const QString &title, const QString &from, const QString &name) {
        kind = title;
        file = from;
        layer = name;
    };
    const auto row = [&](PageId page, const QString &words) {
        QTest::newRow(qPrintable(kind + u", "_s + pageRow(page).picture))
            << file << layer << static_cast<int>(page) << words;
    };
    // ConvInteger says no scale: every page has the integers and says what it does not know.
    of(u"integers"_s, u"field/int_initializers.onnx"_s, u"conv"_s);
    row(PageId::Values,
        u"o|4|i|2|h|3|w|3|D|Go to|Find|Copy as|showing 18 of 72|o = 0 of 0 … 3 · Ctrl+PgUp, Ctrl+PgDn|"
        "weight[0, 0, 0, 0]|Flat index|Code|decimal|−128|hex|0x80|binary|10000000|Value|code · scale|not known|"
        "float in the file|not stored|error|–|in LSB|–|source [o][i][h][w]|0|hwio [h][w][i][o]|0|"
        "ohwi [o][h][w][i]|0|Whole tensor: largest |code||columns o, rows i; a click goes there"_s);
    row(PageId::Channels, u"The file has these integers and no scale."_s);
    row(PageId::Compare,
        u"weight error, which is not accuracy|Candidates|This selection has no weights to compare candidates with."_s);
    row(PageId::Export,
        u"Formats|1 of 2|ap, ac, sc and C from one file|one hexadecimal word a line, for $readmemh|Layers: conv|"
        "Folder|Layout|shown for conv.weight|[o][i][h][w]|((o*2+i)*3+h)*3+w|[h][w][i][o]|((h*3+w)*2+i)*4+o|"
        "[o][h][w][i]|((o*3+h)*3+w)*2+i|does not fit: written as source|Preview|the first lines, as they will be written"_s);
    row(PageId::Recipe,
        u"Recipe|no recipe file|This file says its quantizers itself; a recipe is only needed for a state_dict.|"
        "Quantizers|In force, as TOML|conv | weight | int8 | – | computed|fc | weight | uint8 | – | computed"_s);
    // A Reshape splits the stored axes: nothing is said by channels, and no axis has a name.
    of(u"no channel axis"_s, {}, u"mm"_s);
    row(PageId::Values,
        u"a0|4|a1|6|D|Go to|Find|Copy as|showing 24 of 24|weight[0, 0]|Flat index|Code|decimal|−12|hex|0xF4|binary ap_fixed<8,6>|111101.00|Value|code · 2⁻²|−3|float in the file|not stored|error|–|in LSB|–|source [a0][a1]|0|Whole tensor: largest |code||columns a0, rows a1; a click goes there"_s);
    row(PageId::Channels, u"This layer has no quantized tensor with output channels."_s);
    row(PageId::Export,
        u"Formats|1 of 2|ap, ac, sc and C from one file|one hexadecimal word a line, for $readmemh|Layers: mm|Folder|Layout|shown for mm.weight|[a0][a1]|a0*6+a1|does not fit: written as source|does not fit: written as source|does not fit: written as source|Preview|the first lines, as they will be written"_s);
    row(PageId::Compare,
        u"weight error, which is not accuracy|Candidates|weight, 24 elements|▲ The file holds only quantized values: errors are against those, not against the float weights. · framed: best of its row, unless more than three share it · beside a figure: change against the file|SQNR over bits|30 dB needs 6 bits per tensor, float · 5 per tensor, fixed point|Chosen over|2⁻² | 2⁻⁵ | 2⁻³ | 2⁻² | 0.02255 | 0.02255 | 0.02362 | 2⁻¹ | 2.067 | 1.5 | 0.1 | 0.1|<8,6> | <8,3> | <8,5> | <8,6> | none | none | none | <8,7> | none | none | none | none|8 | 8 | 8 | 8 | 8 | 8 | 8 | 8 | 2 | 1 | 2 | 1|exact | exact | exact | exact | 48.7 | 48.7 | 48.1 | 19.8 | 9.5 | 6.0 | 0.4 | 0.4|0 | 0 | 0 | 0 | 4.06e−05 | 4.06e−05 | 4.71e−05 | 3.12e−02 | 3.41e−01 | 7.60e−01 | 2.72e+00 | 2.72e+00|0 | 0 | 0 | 0 | 0.01078 | 0.01078 | 0.01181 | 0.25 | 1 | 1.5 | 2.9 | 2.9|0 | 0 | 0 | 0 | 4.08e−05 | 4.08e−05 | 0 | 0 | 3.89e−02 | 1.25e−01 | 1.21e−01 | 1.25e−01|1.00000 | 1.00000 | 1.00000 | 1.00000 | 0.99999 | 0.99999 | 0.99999 | 0.99501 | 0.94167 | 0.86453 | 0.88312 | 0.86453|0 | 0 | 0 | 0 | 2 | 2 | 1 | 0 | 15 | 24 | 23 | 24|0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 23 | 0|0 | 0 | 0 | 0 | 0 | 0 | 0 | 2 | 8 | 0 | 0 | 0|24/256 | 24/255 | 24/256 | 24/256 | 24/256 | 24/256 | 24/255 | 13/256 | 3/3 | 2/2 | 3/3 | 2/2|192 | 192 | 192 | 192 | 192 | 192 | 192 | 192 | 48 | 24 | 48 | 24|✓ yes | ✓ yes | ✓ yes | ✓ yes | no, float scale | no, float scale | no, float scale | ✓ yes | no, float scale | no, float scale | no, float scale | no, float scale"_s);
    row(PageId::Overview,
        u"Accumulator: not known: it reads values that are not quantized|One weight, step by step|weight|code, clip −128 … 127|−12|→|hex|0xF4|→|binary|111101.00|→|code · 2⁻²|−3|−2⁵ + 2⁴ + 2³ + 2² + 2⁰ = −3|weight|codes|ap_fixed<8,6>|value = code * 0.25\ncode = clamp(stored integer, −128, 127)\nfrac bits = −log₂ 2⁻² = 2 · value = code · 2⁻²|scale|2⁻²|read|an unnamed DequantizeLinear node, input 1|zero point|0|read|an unnamed DequantizeLinear node, input 2|bits|8|computed|no Clip: the full range of int8|signed|yes|read|the codes are int8|narrow|no|computed|full range · no Clip: the full range of int8|rounding|unknown|the file holds the codes|granularity|per tensor|computed|one scale|Qm.n|6.2|computed|m = bits − n, with sign|range|−32 … 31.75|computed|codes −128 … 127|LSB|0.25|computed|equals the scale"_s);
    // Places in a table: the codes are told, and no scale is missed.
    of(u"codebook"_s, u"torch/llm/bnb_nf4.pt"_s, u"l"_s);
    row(PageId::Values,
        u"o|32|i|64|D|Go to|Find|Copy as|showing 2,048 of 2,048|weight[0, 0]|Flat index|Code|decimal|8|hex|0x8|binary|1000|Value|code · scale|not known|float in the file|not stored|error|–|in LSB|–|source [o][i]|0|io [i][o]|0|Whole tensor: largest |code||columns o, rows i (2 per cell); a click goes there"_s);
    row(PageId::Channels, u"The file has these integers and no scale."_s);
    row(PageId::Compare,
        u"weight error, which is not accuracy|Candidates|This selection has no weights to compare candidates with."_s);
    row(PageId::Overview,
        u"weight|l.weight|codebook|scale|unknown|zero point|unknown|bits|4|computed|bitsandbytes, nf4|signed|no|computed|bitsandbytes, nf4|narrow|no|computed|bitsandbytes, nf4|rounding|unknown|the file holds the codes|granularity|unknown|computed|0 scales|codes|0 … 15|computed|the integers that the file stores"_s);
    row(PageId::Distribution,
        u"type|codebook|scale|unknown|fractional bits|unknown|range|unknown|SQNR, weight error|–|at limit in file|12.5 %|rounded to 0|–|codes used|16 / 16|bits, signed, narrow <span style='color:#2a7449; font-weight:600'>computed</span> bitsandbytes, nf4|140 exact zeros of 2,048|Codes|showing 2,048 of 2,048"_s);
    of(u"minifloat"_s, u"onnx/qdq_minifloat.onnx"_s, u"e4m3fn_mm"_s);
    row(PageId::Values,
        u"i|16|o|16|D|Go to|Find|Copy as|showing 256 of 256|weight[0, 0]|Flat index|Code|decimal|–|hex|binary|–|Value|minifloat · scale|0|float in the file|not stored|error|–|in LSB|–|source [i][o]|0|io [i][o]|0|Whole tensor: largest |value||columns o, rows i; a click goes there"_s);
    row(PageId::Overview,
        u"Accumulator: not known: the codes of its weight are not known|One weight, step by step|weight|code, float8_e4m3fn|0|→|hex|0x00|→|binary|00000000|→|decoded|0|→|decoded · 2⁻¹|0|weight|e4m3fn|minifloat|value = minifloat * 0.5\ncode = the stored bits|scale|2⁻¹|read|input 1|zero point|0|computed|DequantizeLinear node e4m3fn_dq has no zero point: 0|bits|8|read|the codes are float8_e4m3fn|signed|yes|read|the codes are float8_e4m3fn|narrow|no|read|the codes are float8_e4m3fn|rounding|unknown|the file holds the codes|granularity|per tensor|computed|one scale|range|unknown|computed|codes unknown"_s);
    row(PageId::Distribution,
        u"type|minifloat|scale|2⁻¹|fractional bits|–|range|unknown|SQNR, weight error|–|at limit in file|–|rounded to 0|–|codes used|–|scale <span style='color:#2a7449; font-weight:600'>read</span> DequantizeLinear node e4m3fn_dq · zero point <span style='color:#2a7449; font-weight:600'>computed</span> DequantizeLinear node e4m3fn_dq has no zero point: 0 · bits, signed, narrow <span style='color:#2a7449; font-weight:600'>read</span> the codes are float8_e4m3fn · value = minifloat * 0.5 · code = the stored bits|Codes|showing 256 of 256"_s);
}

QTEST_MAIN(PageWordsTest)
#include "tst_page_words.moc"

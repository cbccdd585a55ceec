#include "network/lane_drawing.h"

#include <QtTest>

#include <random>

using namespace quantscope;
using test::Drawing;
using test::List;
using test::listOf;
using test::networkOf;
using test::Sketch;
using namespace Qt::StringLiterals;

namespace {

QString drawn(const QString &layers, const QString &text, bool everything = false, const QString &hidden = {})
{
    const Sketch sketch(layers, text);
    const List list = listOf(networkOf(layers, sketch), everything, hidden);
    const LaneLayout layout = layOutLanes(list.nodes.size(), linksBetween(sketch.flow, list.nodes).links);
    return Drawing(layout).lines(list.names);
}

/// Each reads all before it.
QString denseBlock(const QString &layers)
{
    QString text;
    for (qsizetype to = 1; to < layers.size(); ++to)
        for (qsizetype from = 0; from < to; ++from)
            text += layers[from] + u" > "_s + layers[to] + u';';
    return text;
}

std::vector<RowLink> linksOf(const Network &network, bool everything)
{
    return linksBetween(network.flow, listOf(network, everything).nodes).links;
}

} // namespace

class TestLanes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void drawings_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("everything");
        QTest::addColumn<QString>("hidden");
        QTest::addColumn<QString>("drawing");
        const QString residual = u"x > A > relu > B > norm > add > C > y; relu > add"_s;
        const auto row = [](const char *title, const char *layers, const QString &text, const char *drawing,
                             bool everything = false, const char *hidden = "") {
            QTest::newRow(title) << QString(layers) << text << everything << QString(hidden) << QString(drawing);
        };
        row("a chain", "ABC", u"x > A > relu > B > pool > flat > C > y"_s, R"(
o A
* B
* C
)");
        row("a branch and a join", "ABC", residual, R"(
o A
|\
| * B
|/
* C
)");
        row("with operators", "ABC", residual, R"(
o x
* A
* relu
|\
| * B
| * norm
|/
* add
* C
* y
)",
            true);
        row("two inputs", "ABC", u"x > A > add; x2 > B > add; add > C > y"_s, R"(
o A
| o B
|/
* C
)");
        row("two inputs with operators", "ABC", u"x > A > add; x2 > B > add; add > C > y"_s, R"(
o x
| o x2
* | A
| * B
|/
* add
* C
* y
)",
            true);
        row("branches that end apart", "ABCD", u"A > B > y; A > C > D > y2"_s, R"(
o A
|\
| * B
* C
* D
)");
        row("skips of a U-net", "ABCDEFG", u"A > B > C > D > c1 > E > c2 > F > c3 > G; C > c1; B > c2; A > c3"_s, R"(
o A
|\
| * B
| |\
| | * C
| | |\
| | | * D
| | |/
| | * E
| |/
| * F
|/
* G
)");
        row("a line over others", "ABCDE", u"A > B; A > C; A > D; B > E; C > E; D > E"_s, R"(
o A
|\
| * B
|_|\
| | * C
* | | D
|/__
* E
)");
        row("more than fit", "ABCDEFGHI", denseBlock(u"ABCDEFGHI"_s), R"(
o A
|\
| * B
|_|\
| | * C
|_|_|\
| | | * D
|_|_|_|\
| | | | * E
|_|_|_|\|\
| | | | * | F
|_|_|_|\|\|
| | | | * | G (2)
|_|_|_|\|\|
| | | | * | H (3)
|/________
* I
)");
        row("what is not connected", "ABC", u"A > C"_s, R"(
o A
| o B
* C
)");
        row("nothing", "AB", QString(), R"(
o A
o B
)");
        row("a cycle of layers", "ABCD", u"x > B > C > B; C > D; x > A > D"_s, R"(
o A
| o B
| * C
|/
* D
)");
        row("a cycle of operators", "AB", u"x > A > p > q > p; q > B"_s, R"(
o A
* B
)");
        row("a layer that reads itself", "AB", u"x > A > p > A; A > B"_s, R"(
o A
* B
)");
        row("the file's order is another", "CBA", u"x > A > B > C"_s, R"(
o A
* B
* C
)");
        row("one value twice", "AB", u"A > add; A > add; add > B"_s, R"(
o A
* B
)");
        row("a layer of the export alone", "ABC", u"A > Q! > B > C; A > C"_s, R"(
o A
|:
| * B
|/
* C
)");
        row("a filter", "ABCD", u"A > B > C > D; A > D"_s, R"(
o A
* D
)",
            false, "BC");
        row("a filter, the way past it hidden", "ABCD", u"A > B > C > D"_s, R"(
o A
:
* C
* D
)",
            false, "B");
        row("a shape", "ABC", u"A > B > reshape > C; A > shape > s:reshape"_s, R"(
o A
.\
. * B
./
* C
)");
    }

    void drawings()
    {
        QFETCH(QString, layers);
        QFETCH(QString, text);
        QFETCH(bool, everything);
        QFETCH(QString, hidden);
        QFETCH(QString, drawing);
        const QString found = drawn(layers, text, everything, hidden);
        QVERIFY2(found == drawing, qPrintable(found));
    }

    /// What feeds the row up to the inputs, and what reads it.
    void paths_data()
    {
        QTest::addColumn<QString>("layers");
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("everything");
        QTest::addColumn<QString>("row");
        QTest::addColumn<QString>("drawing");
        QString layers = u"ABCDE"_s;
        QString text = u"x > A > relu > B > norm > add > C > D > y; relu > add; relu > E > y2"_s;
        const auto row = [&](const char *title, bool everything, const char *name, const char *drawing) {
            QTest::newRow(title) << layers << text << everything << QString(name) << QString(drawing);
        };
        row("in the branch", false, "B", R"(
o A
 \
  * B
  * C
 D
 E
)");
        row("the join's reader", false, "C", R"(
o A
|\
| * B
 \|
  * C
  * D
 E
)");
        row("beside it", false, "E", R"(
o A
| B
| C
| D
* E
)");
        row("in the branch, with operators", true, "B", R"(
o x
* A
* relu
 \
  * B
  * norm
  * add
  * C
 D
 y
 E
 y2
)");
        layers = u"ABCDEFGHIJ"_s;
        text = u"A > I; B > I; C > I; D > I; E > I; F > I; G > H > J"_s;
        row("beside what is folded", false, "H", R"(
 A
 B
 C
 D
 E
 F
        o G
        * H
        | I
 /______
* J
)");
        row("out of what is folded", false, "I", R"(
o A
| o B
| | o C
| | | o D
| | | | o E
| | | |  \
| | | | o | F
| | | |  \|
| | | |   | G
| | | |   | H
|/________
* I
 J
)");
    }
    void paths()
    {
        QFETCH(QString, layers);
        QFETCH(QString, text);
        QFETCH(bool, everything);
        QFETCH(QString, row);
        QFETCH(QString, drawing);
        const Sketch sketch(layers, text);
        const Network network = networkOf(layers, sketch);
        const List list = listOf(network, everything);
        const std::vector<RowLink> links = linksOf(network, everything);
        const LaneLayout layout = layOutLanes(list.nodes.size(), links);
        const LanePath path
            = pathThrough(layout, links, list.ends, static_cast<std::uint32_t>(list.names.indexOf(row)));
        const QString found = Drawing(layout, &path).lines(list.names);
        QVERIFY2(found == drawing, qPrintable(found));
    }

    /// Every link can be followed from its row to the other, nothing else arrives, and no line runs through a dot.
    void everyLinkOnce()
    {
        std::mt19937 random(17);
        for (int trial = 0; trial < 300; ++trial) {
            const std::size_t rows = 2 + random() % 30;
            std::vector<RowLink> links;
            for (std::uint32_t to = 0; to < rows; ++to)
                for (std::uint32_t from = 0; from < rows; ++from)
                    if (from != to && random() % 100 < (from < to ? random() % 40 : 2))
                        links.push_back({from, to, static_cast<LinkKind>(random() % 3)});
            const LaneLayout layout = layOutLanes(rows, links);
            QCOMPARE(layout.rows.size(), rows);
            QVERIFY(layout.columns <= kMostLanes);
            for (std::size_t at = 0; at < rows; ++at)
                checkRow(layout, links, static_cast<std::uint32_t>(at));
            for (const RowLink &link : links)
                if (link.from < link.to)
                    QVERIFY2(follows(layout, link), qPrintable(u"%1 to %2"_s.arg(link.from).arg(link.to)));
        }
    }

private:
    static void checkRow(const LaneLayout &layout, const std::vector<RowLink> &links, std::uint32_t row)
    {
        std::size_t arriving = 0, read = 0;
        for (const LaneSegment &segment : layout.segments(row)) {
            if (segment.part == LaneSegment::Part::Passing)
                QVERIFY(segment.to != layout.rows[row].dot);
            if (segment.part == LaneSegment::Part::Arriving && segment.from + 1 < kMostLanes)
                ++arriving;
        }
        for (const RowLink &link : links)
            if (link.to == row && link.from < row && columnAbove(layout, link) + 1 < kMostLanes)
                ++read;
        QCOMPARE(arriving, read);
    }

    /// The column in which a link enters its last row.
    static int columnAbove(const LaneLayout &layout, const RowLink &link)
    {
        int column = layout.rows[link.from].dot;
        for (std::uint32_t row = link.from + 1; row < link.to; ++row)
            for (const LaneSegment &segment : layout.segments(row))
                if (segment.part == LaneSegment::Part::Passing && segment.from == column) {
                    column = segment.to;
                    break;
                }
        return column;
    }

    static bool follows(const LaneLayout &layout, const RowLink &link)
    {
        const auto has = [&](std::uint32_t row, LaneSegment::Part part, int column) {
            return std::ranges::any_of(layout.segments(row), [&](const LaneSegment &segment) {
                return segment.part == part && segment.from == column && segment.kind <= link.kind;
            });
        };
        int column = layout.rows[link.from].dot;
        if (!has(link.from, LaneSegment::Part::Leaving, column))
            return false;
        for (std::uint32_t row = link.from + 1; row < link.to; ++row) {
            if (!has(row, LaneSegment::Part::Passing, column))
                return false;
            column = columnAbove(layout, {link.from, row + 1, link.kind});
        }
        return has(link.to, LaneSegment::Part::Arriving, column);
    }
};

QTEST_GUILESS_MAIN(TestLanes)
#include "tst_lanes.moc"

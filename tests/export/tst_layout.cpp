#include "export/layout.h"

#include "export/export_array.h"
#include "support/paths.h"

#include <set>

using namespace quantscope;

namespace {

/// Row-major index by plain multiplication, from one value for each axis.
std::uint64_t rowMajor(const std::vector<std::int64_t> &at, const Shape &shape)
{
    std::uint64_t index = 0;
    for (std::size_t k = 0; k < shape.size(); ++k)
        index = index * static_cast<std::uint64_t>(shape[k]) + static_cast<std::uint64_t>(at[k]);
    return index;
}

/// Value of a formula made of names, numbers, + * and parentheses: what a C compiler would compute.
class Formula {
public:
    Formula(std::string text, const std::vector<std::string> &names, const std::vector<std::int64_t> &values)
        : m_text(std::move(text))
        , m_names(names)
        , m_values(values)
    {
    }
    std::int64_t value()
    {
        std::int64_t sum = product();
        while (m_at < m_text.size() && m_text[m_at] == '+') {
            ++m_at;
            sum += product();
        }
        return sum;
    }

private:
    std::int64_t product()
    {
        std::int64_t out = factor();
        while (m_at < m_text.size() && m_text[m_at] == '*') {
            ++m_at;
            out *= factor();
        }
        return out;
    }
    std::int64_t factor()
    {
        if (m_text.at(m_at) == '(') {
            ++m_at;
            const std::int64_t inner = value();
            ++m_at;
            return inner;
        }
        const std::size_t begin = m_at;
        while (m_at < m_text.size() && std::isalnum(static_cast<unsigned char>(m_text[m_at])))
            ++m_at;
        const std::string word = m_text.substr(begin, m_at - begin);
        for (std::size_t i = 0; i < m_names.size(); ++i)
            if (m_names[i] == word)
                return m_values[i];
        return std::stoll(word);
    }
    std::string m_text;
    const std::vector<std::string> &m_names;
    const std::vector<std::int64_t> &m_values;
    std::size_t m_at = 0;
};

std::vector<std::string> namesOf(const Layout &layout)
{
    std::vector<std::string> out;
    for (const char c : layout.axisNames) {
        if (c == '[')
            out.emplace_back();
        else if (c != ']')
            out.back() += c;
    }
    return out;
}

} // namespace

class TestLayout : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void texts_data();
    void texts();
    void indices_data();
    void indices();
    void fallsBack_data();
    void fallsBack();
    void unknownNameIsRefused();
    void channelsLast();
    void withoutChannels();
    void ordersOfTheirOwn();
};

void TestLayout::texts_data()
{
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QList<qint64>>("shape");
    QTest::addColumn<int>("outAxis");
    QTest::addColumn<QString>("axes");
    QTest::addColumn<QString>("index");
    // HWIO and OHWI indices as hls4ml 1.3 documents its Latency and Resource orders; the manifest's example is conv1.
    QTest::newRow("conv1 ohwi") << "ohwi" << QList<qint64>{16, 1, 3, 3} << 0 << "[o][h][w][i]"
                                << "((o*3+h)*3+w)*1+i";
    QTest::newRow("conv2d hwio") << "hwio" << QList<qint64>{8, 4, 3, 5} << 0 << "[h][w][i][o]"
                                 << "((h*5+w)*4+i)*8+o";
    QTest::newRow("conv2d source") << "source" << QList<qint64>{8, 4, 3, 5} << 0 << "[o][i][h][w]"
                                   << "((o*4+i)*3+h)*5+w";
    QTest::newRow("linear io") << "io" << QList<qint64>{10, 64} << 0 << "[i][o]"
                               << "i*10+o";
    QTest::newRow("linear source") << "source" << QList<qint64>{10, 64} << 0 << "[o][i]"
                                   << "o*64+i";
    QTest::newRow("conv1d hwio is wio") << "hwio" << QList<qint64>{8, 4, 3} << 0 << "[w][i][o]"
                                        << "(w*4+i)*8+o";
    QTest::newRow("conv1d ohwi is owi") << "ohwi" << QList<qint64>{8, 4, 3} << 0 << "[o][w][i]"
                                        << "(o*3+w)*4+i";
    QTest::newRow("conv3d hwio is dhwio") << "hwio" << QList<qint64>{8, 4, 2, 3, 5} << 0 << "[d][h][w][i][o]"
                                          << "(((d*3+h)*5+w)*4+i)*8+o";
    QTest::newRow("conv3d ohwi is odhwi") << "ohwi" << QList<qint64>{8, 4, 2, 3, 5} << 0 << "[o][d][h][w][i]"
                                          << "(((o*2+d)*3+h)*5+w)*4+i";
    QTest::newRow("transposed source") << "source" << QList<qint64>{4, 8, 3, 5} << 1 << "[i][o][h][w]"
                                       << "((i*8+o)*3+h)*5+w";
    QTest::newRow("transposed ohwi") << "ohwi" << QList<qint64>{4, 8, 3, 5} << 1 << "[o][h][w][i]"
                                     << "((o*3+h)*5+w)*4+i";
    QTest::newRow("transposed hwio") << "hwio" << QList<qint64>{4, 8, 3, 5} << 1 << "[h][w][i][o]"
                                     << "((h*5+w)*4+i)*8+o";
    QTest::newRow("grouped keeps I/g") << "hwio" << QList<qint64>{8, 1, 3, 3} << 0 << "[h][w][i][o]"
                                       << "((h*3+w)*1+i)*8+o";
    QTest::newRow("bias") << "source" << QList<qint64>{16} << 0 << "[o]"
                          << "o";
    QTest::newRow("scalar") << "source" << QList<qint64>{} << 0 << ""
                            << "0";
}

void TestLayout::texts()
{
    QFETCH(QString, layout);
    QFETCH(QList<qint64>, shape);
    QFETCH(int, outAxis);
    bool fellBack = true;
    const auto made = makeLayout(layout.toStdString(), Shape(shape.begin(), shape.end()), outAxis, &fellBack);
    QVERIFY(made.has_value());
    QVERIFY(!fellBack);
    QCOMPARE(QString::fromStdString(made->name), layout);
    QTEST(QString::fromStdString(made->axisNames), "axes");
    QTEST(QString::fromStdString(made->index), "index");
}

void TestLayout::indices_data()
{
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QList<qint64>>("shape");
    QTest::addColumn<int>("outAxis");
    for (const char *layout : {"source", "hwio", "ohwi", "io"}) {
        int row = 0;
        for (const QList<qint64> &shape :
            {QList<qint64>{7}, QList<qint64>{5, 3}, QList<qint64>{4, 3, 5}, QList<qint64>{4, 2, 3, 5},
                QList<qint64>{3, 2, 4, 3, 2}, QList<qint64>{2, 3, 2, 2, 3, 2}, QList<qint64>{1, 1, 1, 1}})
            for (const int outAxis : {0, 1})
                QTest::addRow("%s %d", layout, row++) << QString(layout) << shape << outAxis;
    }
}

/// Every element: the axes' own values, sorted into the exported order, give the exported index, the formula gives it
/// too, and the way back gives the source index.
void TestLayout::indices()
{
    QFETCH(QString, layout);
    QFETCH(QList<qint64>, shape);
    QFETCH(int, outAxis);
    const Shape source(shape.begin(), shape.end());
    const auto made = makeLayout(layout.toStdString(), source, outAxis);
    QVERIFY(made.has_value());
    const std::vector<std::string> names = namesOf(*made);
    std::vector<std::int64_t> at(source.size(), 0);
    std::set<std::uint64_t> seen;
    const std::uint64_t count = elementCount(source);
    for (std::uint64_t flat = 0; flat < count; ++flat) {
        std::vector<std::int64_t> moved;
        Shape dims;
        for (const std::size_t axis : made->axes) {
            moved.push_back(at[axis]);
            dims.push_back(source[axis]);
        }
        QCOMPARE(made->dims, dims);
        const std::uint64_t exported = rowMajor(moved, dims);
        QCOMPARE(made->exportedIndex(flat, source), exported);
        QCOMPARE(made->sourceIndex(exported, source), flat);
        QCOMPARE(static_cast<std::uint64_t>(Formula(made->index, names, moved).value()), exported);
        seen.insert(exported);
        for (std::size_t axis = source.size(); axis-- > 0;) {
            if (++at[axis] < source[axis])
                break;
            at[axis] = 0;
        }
    }
    QCOMPARE(seen.size(), count);
}

void TestLayout::fallsBack_data()
{
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QList<qint64>>("shape");
    QTest::newRow("hwio of a Linear") << "hwio" << QList<qint64>{5, 3};
    QTest::newRow("ohwi of a bias") << "ohwi" << QList<qint64>{5};
    QTest::newRow("io of a conv") << "io" << QList<qint64>{4, 3, 3, 3};
    QTest::newRow("io of a scalar") << "io" << QList<qint64>{};
    QTest::newRow("hwio of six axes") << "hwio" << QList<qint64>{1, 2, 3, 1, 2, 3};
}

void TestLayout::fallsBack()
{
    QFETCH(QString, layout);
    QFETCH(QList<qint64>, shape);
    bool fellBack = false;
    const Shape source(shape.begin(), shape.end());
    const auto made = makeLayout(layout.toStdString(), source, 0, &fellBack);
    QVERIFY(made.has_value());
    QVERIFY(fellBack);
    QCOMPARE(made->name, std::string("source"));
    QCOMPARE(made->dims, source);
    QCOMPARE(made->index, makeLayout("source", source, 0)->index);
}

/// Sources in the order o, h, w, i.
void TestLayout::channelsLast()
{
    const Shape source{16, 3, 5, 4};
    const auto made = [&](const char *name) { return *makeLayout(name, source, 0, nullptr, true); };
    QCOMPARE(made("source").axisNames, std::string("[o][h][w][i]"));
    QCOMPARE(made("source").index, std::string("((o*3+h)*5+w)*4+i"));
    QCOMPARE(made("ohwi").axes, (std::vector<std::size_t>{0, 1, 2, 3}));
    QCOMPARE(made("ohwi").axisNames, std::string("[o][h][w][i]"));
    QCOMPARE(made("hwio").axes, (std::vector<std::size_t>{1, 2, 3, 0}));
    QCOMPARE(made("hwio").index, std::string("((h*5+w)*4+i)*16+o"));
    QCOMPARE(makeLayout("hwio", Shape{7, 5, 4}, 0, nullptr, true)->axisNames, std::string("[w][i][o]"));
}

/// A matrix that a Reshape gives other rows and columns: no layout but the file's own.
void TestLayout::withoutChannels()
{
    TensorInfo tensor;
    tensor.shape = {4, 6};
    Layer layer;
    layer.kind = "Linear";
    SlotQuantizer slot;
    slot.slot = Slot::Weight;
    slot.shape = tensor.shape;
    slot.tensor = std::make_shared<TensorInfo>(tensor);
    slot.chain = {{"Reshape", {6, 4}}};
    slot.channelAxis = -1;
    for (const char *name : {"source", "io"}) {
        bool fellBack = false;
        const Layout layout = exportLayout(layer, slot, name, &fellBack);
        QCOMPARE(layout.name, std::string("source"));
        QCOMPARE(layout.axisNames, std::string("[a0][a1]"));
        QCOMPARE(layout.index, std::string("a0*6+a1"));
        QCOMPARE(fellBack, name == std::string("io"));
    }
}

/// A weight of 3 x 2 x 4 x 5 in the order h, w, i, o, as TensorFlow stores it.
void TestLayout::ordersOfTheirOwn()
{
    const Shape source{3, 2, 4, 5};
    const std::vector<std::string> letters{"h", "w", "i", "o"};
    const auto made = [&](const char *name) { return layoutOfLetters(name, letters, source); };
    QCOMPARE(made("source").index, std::string("((h*2+w)*4+i)*5+o"));
    QCOMPARE(made("hwio").axes, (std::vector<std::size_t>{0, 1, 2, 3}));
    QCOMPARE(made("ohwi").axes, (std::vector<std::size_t>{3, 0, 1, 2}));
    QCOMPARE(made("ohwi").dims, (Shape{5, 3, 2, 4}));
    QCOMPARE(made("ohwi").index, std::string("((o*3+h)*2+w)*4+i"));
    QCOMPARE(made("io").name, std::string("source"));
    const std::vector<std::string> unknown{"a0", "a1", "a2", "o"};
    QCOMPARE(layoutOfLetters("ohwi", unknown, source).name, std::string("source"));
    QCOMPARE(layoutOfLetters("ohwi", unknown, source).axisNames, std::string("[a0][a1][a2][o]"));
}

void TestLayout::unknownNameIsRefused()
{
    QVERIFY(!makeLayout("HWIO", Shape{1, 2, 3, 4}, 0).has_value());
    QVERIFY(!makeLayout("", Shape{1}, 0).has_value());
    for (const std::string_view name : layoutNames())
        QVERIFY(makeLayout(name, Shape{1, 2, 3, 4}, 0).has_value());
}

QTEST_GUILESS_MAIN(TestLayout)
#include "tst_layout.moc"

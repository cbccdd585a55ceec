// The networks have members called slots.

#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "support/join_text.h"
#include "support/paths.h"

#include <algorithm>

#include <QtTest>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

Network networkOf(const std::string &name)
{
    const auto file = openModel(test::data("torchscript/" + name));
    if (!file)
        throw ParseError(file.error().text());
    return *recoverQuantizers(*file);
}

QString gridText(const Network &network, const SlotId &id)
{
    const Quantizer &q = *network.slot(id)->quantizer;
    return QString::fromStdString(
        gridTypeText(q) + "*" + gridScaleText(q) + (gridZeroText(q) == "0" ? "" : "+" + gridZeroText(q)));
}

/// "add: i8*2^-4 i8*2^-2 | scale" of every join.
QStringList joinTexts(const Network &network) { return test::joinTexts(network, gridText); }

QStringList saidOf(const Network &network, const std::string &rule)
{
    QStringList out;
    for (const Diagnostic &diagnostic : network.diagnostics)
        if (diagnostic.rule == rule)
            out << QString::fromStdString(diagnostic.text);
    return out;
}

} // namespace

/// Where values meet in the code of an archive; truth: make_torchscript.py.
class TestScriptRules : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void joins()
    {
        const Network network = networkOf("joins.pt");
        const QString differ = u" | scale"_s, signs = u" | zero point | sign"_s;
        QCOMPARE(joinTexts(network),
            (QStringList{u"add: i8*2^-4 i8*2^-4"_s, u"sub: i8*2^-4 i8*2^-2"_s + differ, u"add: i8*2^-4 plain"_s,
                u"add: i8*0.03137255 i8*0.03137255"_s, // 4 / 127.5, called twice
                u"add: i8*2^-4 i8*2^-1"_s + differ, u"cat: i8*2^-4 i8*2^-4 u8*2^-4+3"_s + signs,
                u"stack: i8*2^-2 i8*2^-2"_s, u"cat: i8*2^-4 plain"_s, u"add: plain i8*2^-2"_s,
                u"maximum: i8*2^-4 u8*2^-4+3"_s + signs, u"add: i8*2^-4 i8*2^-2"_s + differ,
                u"add: i8*2^-4 i8*2^-3"_s + differ, u"cat: i8*2^-4 i8*2^-4"_s, u"cat: i8*2^-4 i8*2^-1"_s + differ,
                u"add: i8*2^-4 unknown"_s}));
        QCOMPARE(saidOf(network, "joins-not-checked"),
            QStringList{
                u"Joins of this TorchScript graph are not checked for equal scales, since what makes an input of "
                "them is not followed: add _22."_s});
        QCOMPARE(network.layer("table")->kind, std::string("add"));
        QCOMPARE(network.layer("table")->slot(Slot::Weight)->quantizer->scale->values, std::vector<float>{0.125f});
    }

    /// A float addition joins two branches there; a quantized one brings its own scale.
    void trained()
    {
        const Network network = networkOf("trained.pt");
        QCOMPARE(joinTexts(network), QStringList{u"add: u8*0.0065458813+119 u8*0.0141829485+119 | scale"_s});
        QCOMPARE(saidOf(network, "joins-not-checked"), QStringList());
        QCOMPARE(joinTexts(networkOf("residual.pt")), QStringList());
    }
};

QTEST_APPLESS_MAIN(TestScriptRules)
#include "tst_script_rules.moc"

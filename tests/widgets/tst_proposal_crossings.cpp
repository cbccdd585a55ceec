#include "look/theme.h"
#include "panels/layers_panel.h"
#include "window/status_line.h"
#include "window_fixture.h"

#include <QStatusBar>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// What is proposed meets what else changes: saving, many layers, merged batch norms, a second model.
class ProposalCrossingsTest : public QObject, protected test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
    }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    /// A recipe that is saved does not have them, and the window says so until something else is to be said.
    void savingSaysWhatItLeavesOut()
    {
        openModel();
        const auto said = [this] { return m_window->findChild<StatusLine *>()->findChild<QLabel *>()->text(); };
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>"), made("fc1", "ternary")});
        QVERIFY(settled());
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QTRY_COMPARE(said(), u"m.recipe.toml is saved. 2 proposals are not part of it; Apply all puts them in"_s);
        session().proposals().withdraw({"fc1"}, Slot::Weight);
        QVERIFY(settled());
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QTRY_COMPARE(said(), u"m.recipe.toml is saved. 1 proposal is not part of it; Apply all puts it in"_s);
        session().proposals().discardAll();
        QCOMPARE(session().saveRecipe(m_recipe), QString());
        QTest::qWait(0);
        QVERIFY2(said().startsWith(u"m.pt · "), qPrintable(said()));
    }

    /// One step there and back, one entry where one says it, and every layer has what was proposed.
    void manyLayers()
    {
        m_model = m_folder->filePath(u"many.safetensors"_s);
        const QStringList names = manyLayersIn(m_model, 24);
        openModel();
        std::vector<Proposal> all;
        for (const QString &name : names)
            all.push_back(made(str(name), "ap_fixed<4,1>"));
        session().proposals().propose(all);
        QVERIFY(settled());
        QCOMPARE(label("proposals-title"), u"24 proposals"_s);
        QCOMPARE(label("proposals-in-force-bits"), groupedText(24ull * 8 * 8));
        QCOMPARE(label("proposals-proposed-bits"), groupedText(24ull * 8 * 4));
        button("apply-proposals")->click();
        QVERIFY(computed());
        QCOMPARE(session().undoStack().count(), 1);
        QCOMPARE(entries(), QStringList{u"* weight ap_fixed<4,1>"_s});
        for (const QString &name : names)
            QCOMPARE(bits(qPrintable(name)), 4);
        QVERIFY(session().proposals().empty());
        session().undoStack().undo();
        QVERIFY(computed());
        QCOMPARE(entries(), QStringList());
        QCOMPARE(session().proposals().all().size(), std::size_t{24});
        for (const QString &name : names)
            QCOMPARE(bits(qPrintable(name)), 8);
        session().proposals().withdraw({str(names[0]), str(names[1])}, Slot::Weight);
        QVERIFY(settled());
        button("apply-proposals")->click();
        QVERIFY(computed());
        QCOMPARE(entries().size(), 10); // 8 of the first branch by their names, two branches
        QCOMPARE(bits(qPrintable(names[1])), 8);
        QCOMPARE(bits(qPrintable(names[2])), 4);
    }

    /// A merged batch norm makes other floats: what was proposed for the stored ones is dropped with a word.
    void batchNorms()
    {
        QVERIFY(QFile::remove(m_model)
            && QFile::copy(QString::fromStdString(test::data("batch_norm/unmerged.pt")), m_model));
        openModel();
        session().proposals().propose({made("conv", "ap_fixed<6,1>")});
        QVERIFY(settled());
        session().setBatchNormsMerged({u"conv"_s}, true);
        QVERIFY(computed());
        QVERIFY(session().network()->layer("conv")->batchNormMerged);
        QTRY_VERIFY(session().proposals().empty());
        QCOMPARE(session().proposals().dropped(),
            u"conv weight: ap_fixed<6,1> is dropped, its float weights have changed"_s);
        session().proposals().propose({made("conv", "ap_fixed<6,1>")});
        QVERIFY(settled());
        const auto wanted = session().proposals().proposed()->inspection.network;
        button("apply-proposals")->click();
        QVERIFY(computed());
        QVERIFY(session().network()->layer("conv")->batchNormMerged); // applying keeps it
        QCOMPARE(*session().network()->layer("conv")->slot(Slot::Weight)->quantizer,
            *wanted->layer("conv")->slot(Slot::Weight)->quantizer);
    }

    /// A second model beside it keeps them, and what is applied changes the comparison.
    void secondModel()
    {
        const QString other = m_folder->filePath(u"other.pt"_s);
        QVERIFY(QFile::copy(m_model, other));
        openModel();
        session().proposals().propose({made("conv2", "ap_fixed<6,-1>")});
        session().second().open(other);
        QVERIFY(settled());
        QTRY_VERIFY(session().second().comparison());
        QCOMPARE(session().proposals().all().size(), std::size_t{1});
        const auto before = session().second().comparison();
        button("apply-proposals")->click();
        QVERIFY(computed());
        QCOMPARE(bits("conv2"), 6);
        QTRY_VERIFY(session().second().comparison() && session().second().comparison() != before);
    }

    void anotherSource_data()
    {
        QTest::addColumn<QString>("changed");
        QTest::addColumn<QString>("left"); ///< proposals
        QTest::addColumn<QString>("note");
        QTest::addColumn<QStringList>("applied"); ///< entries that are no one's but the proposals'
        const QString kept = u"fc weight ap_fixed<4,1>"_s;
        const QString gone = u"▲ 1 proposal for %1 went with it: proposals are no edits of its recipe"_s;
        QTest::newRow("another model") << u"model"_s << QString() << gone.arg(u"m.pt"_s) << QStringList();
        QTest::newRow("another part") << u"part"_s << QString() << gone.arg(u"m.pt"_s) << QStringList();
        QTest::newRow("the same part") << u"same part"_s << kept << QString() << QStringList{kept};
        QTest::newRow("read again") << u"reload"_s << kept << QString() << QStringList{kept};
        QTest::newRow("a recipe of a file") << u"recipe"_s << kept << QString() << QStringList{kept};
        QTest::newRow("without a recipe") << u"none"_s << kept << QString() << QStringList{kept};
        QTest::newRow("a recipe that says the same") << u"equal recipe"_s << QString() << QString() << QStringList();
    }

    /// What is proposed belongs to one model and one set of its weights, and stays with them under another recipe.
    /// Nobody is asked: it is no edit. Totals are those of what is shown.
    void anotherSource()
    {
        QFETCH(QString, changed);
        QFETCH(QString, left);
        QFETCH(QStringList, applied);
        QVERIFY(QFile::remove(m_model) && QFile::copy(QString::fromStdString(test::data("field/ema.pt")), m_model));
        const QString other = m_folder->filePath(u"other.pt"_s), recipe = m_folder->filePath(u"r.toml"_s);
        QVERIFY(QFile::copy(m_model, other));
        const QByteArray entry = "[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\n";
        write(recipe, entry + (changed == u"equal recipe" ? "preset = \"ap_fixed<4,1>\"\n" : "bit_width = 6\n"));
        openModel();
        session().proposals().propose({made("fc", "ap_fixed<4,1>")});
        QVERIFY(settled());
        change(changed, other, recipe);
        const QPushButton *apply = button("apply-proposals"); // not while another is read
        QCOMPARE(apply->isVisible() && apply->isEnabled(), changed == u"same part");
        QVERIFY(computed() && QTest::qWaitFor([&] { return session().state() == Session::State::Ready; }));
        QVERIFY(QTest::qWaitFor([&] { return session().proposals().idle(); }));
        QStringList proposals;
        for (const Proposal &one : session().proposals().all())
            proposals << u"%1 %2 %3"_s.arg(qs(one.choice.layer), qs(one.choice.slot), qs(one.candidate));
        QCOMPARE(proposals.join(u','), left);
        QTEST(label("proposals-note"), "note");
        QVERIFY(!session().recipeEdited());
        const QStringList before = entries();
        if (!left.isEmpty()) {
            QVERIFY(settled());
            const std::uint64_t count = session().network()->layer("fc")->slot(Slot::Weight)->tensor->count();
            QCOMPARE(label("proposals-in-force-bits"), groupedText(count * static_cast<std::uint64_t>(bits("fc"))));
            QCOMPARE(label("proposals-proposed-bits"), groupedText(count * 4));
        }
        session().proposals().applyAll();
        QVERIFY(computed());
        QCOMPARE(bits("fc"), left.isEmpty() && changed != u"equal recipe" ? 8 : 4);
        QStringList added = entries();
        added.removeIf([&](const QString &one) { return before.contains(one); });
        QCOMPARE(added, applied);
        QCOMPARE(session().undoStack().count(), left.isEmpty() ? 0 : 1);
    }

private:
    void change(const QString &what, const QString &other, const QString &recipe)
    {
        if (what == u"model")
            m_window->open(other);
        else if (what == u"part")
            session().usePart(1 - session().shownPart());
        else if (what == u"same part")
            session().usePart(session().shownPart());
        else if (what == u"reload")
            session().reload();
        else if (what == u"none")
            session().useRecipe(Session::RecipeChoice::None);
        else
            session().useRecipe(Session::RecipeChoice::Chosen, recipe);
    }
    static Proposal made(const std::string &layer, const std::string &candidate)
    {
        return Proposal::of(layer, Slot::Weight, *parseCandidate(candidate));
    }
    bool settled()
    {
        return QTest::qWaitFor(
            [&] {
                return session().proposals().idle() && session().proposals().proposed()
                    && session().statistics().idle();
            },
            20000);
    }
    bool computed()
    {
        return QTest::qWaitFor([&] { return !session().recovering() && session().statistics().idle(); }, 20000);
    }
    /// "conv2 weight ap_fixed<6,-1>" of every entry of the recipe.
    QStringList entries()
    {
        QStringList lines;
        for (const RecipeQuantizer &entry : session().recipe().quantizers)
            lines << qs(entry.match) + u' ' + qs(*entry.slot) + u' ' + qs(entry.preset.value_or(std::string()));
        return lines;
    }
    /// Linear layers of 8 weights each, ten in a branch.
    static QStringList manyLayersIn(const QString &path, int count)
    {
        QStringList names, tensors;
        QByteArray values;
        for (int at = 0; at < count; ++at) {
            names << u"net.s%1.b%2.conv"_s.arg(at / 10, 2, 10, QChar(u'0')).arg(at % 10);
            tensors << u"\"%1.weight\":{\"dtype\":\"F32\",\"shape\":[4,2],\"data_offsets\":[%2,%3]}"_s.arg(names.back())
                           .arg(values.size())
                           .arg(values.size() + 32);
            for (int i = 0; i < 8; ++i) {
                const float value = static_cast<float>((at + i) % 7 - 3) / 4 + 0.01f;
                values.append(reinterpret_cast<const char *>(&value), sizeof value);
            }
        }
        QByteArray header = (u'{' + tensors.join(u',') + u'}').toUtf8();
        header.append(QByteArray((8 - header.size() % 8) % 8, ' '));
        const auto size = static_cast<std::uint64_t>(header.size());
        write(path, QByteArray(reinterpret_cast<const char *>(&size), sizeof size) + header + values);
        return names;
    }
};

QTEST_MAIN(ProposalCrossingsTest)
#include "tst_proposal_crossings.moc"

"""German and English words of four letters or more that do not show the topic of a post."""

GERMAN = """
aber alle allem allen aller allerdings alles also andere anderem anderen anderer anderes anders auch auf außer
außerdem bald beide beiden beim bereits besonders bevor bisher bist bitte bloß brauche braucht dabei dadurch dafür
dagegen daher damals damit danach daneben dann daran darauf daraus darf darin darum darüber dass davon davor dazu daß
dein deine deinem deinen deiner deines denen denn dennoch deren derzeit deshalb dessen desto deswegen dich diese
diesem diesen dieser dieses doch dort drei durch dürfen eben ebenfalls ebenso eigentlich eine einem einen einer eines
einfach einige einigen einiger einiges einmal endlich entweder erst etwa etwas euch euer eure eurem euren eurer fast
finde fünf fürs ganz ganze ganzen ganzer gegen geht genau genauso genug gerade gern gerne gibt ging glaube gleich habe
haben habt halt hast hatte hatten hattest heute heutige hier hierher hinter hätte hätten ich's ihnen ihre ihrem ihren
ihrer ihres immer indem innerhalb irgendwie jede jedem jeden jeder jedes jedoch jemals jemand jene jenem jenen jener
jenes jetzt kann kannst kaum kein keine keinem keinen keiner keines komme kommt konnte können könnt könnte könnten
lang lange lassen leider lieber lässt mache machen macht man's manche mehr mein meine meinem meinen meiner meines mich
mindestens muss musst musste möchte möchten mögen müssen müsste nach nachdem nachher natürlich neben nein nicht nichts
niemand noch nochmal nämlich oben obwohl oder oftmals ohne paar plus quasi recht sagen sagt schon sehe sehr seid sein
seine seinem seinen seiner seines seit seitdem selber selbst sich sicher sind sobald sodass sofort sogar solange
solche solchem solchen solcher sollen sollte sollten sondern sonst soviel sowas soweit sowie sowieso sowohl statt
tatsächlich trotz trotzdem unser unsere unserem unseren unserer unter viel viele vielem vielen vieler vielleicht vier
voll vollkommen vom von vorher wann warum wegen weil weiter weiß welche welchem welchen welcher welches wenig wenige
wenigstens wenn werde werden werdet wieder wieso will willst wird wirklich wirst wissen wohl wollen wollte wollten
worden worüber wurde wurden wurdet wäre wären wäret würde würden ziemlich zudem zuerst zufolge zumindest zunächst
zusammen zuvor zwar zwei zwischen ähnlich über überall überhaupt übrigens
"""

ENGLISH = """
able about above across actually after again against ain't all almost along already also although always among amp
another anybody anymore anyone anything anyway anyways are aren't around because been before behind being below
between both but came can't cannot could could've couldn't couldve didn't didnt does doesn't doesnt doing don't done
dont down during each either else enough even ever every everybody everyone everything find for from gave gets getting
give given goes going gone gonna gotta hadn't happen hardly hasn't have haven't having hello here here's hers herself
himself his how's however i'd i'll i'm i've isn't isnt it'll it's itself just keep kind knew know known knows last
later least less let's like likely literally little look looking looks made make makes making many maybe mean means
might mine more most mostly much must mustn't myself need needs neither never next nobody none nothing once only onto
other others ought ours ourselves over perhaps please pretty probably quite rather really right said same says seem
seems seen several shall shan't she'd she'll she's should should've shouldn't since some somebody someone something
sometimes somewhere soon still such sure take taken takes taking tell than that that'll that's thats their theirs them
themselves then there there's therefore these they they'd they'll they're they've thing things think this those though
through till today together told took tried trying under until upon used using very wanna want wanted wants wasn't way
we'd we'll we're we've well went were weren't what what's whatever when when's where where's whether which while who's
whoever whole whom whose why's will with within without won't would would've wouldn't yeah yes you'd you'll you're
you've your youre yours yourself yourselves
"""

STOPWORDS = frozenset(word.replace("'", mark) for word in (GERMAN + ENGLISH).split() for mark in "'’")

{{/*
Milliseconds of a duration. {key, value} → "5000"

The same grammar as in the service's variables.ts. The schema checks it too, but can be switched off.
*/}}
{{- define "service.ms" -}}
{{- $text := ternary "" (toString .value) (kindIs "invalid" .value) -}}
{{- if eq $text "0" -}}
0
{{- else -}}
{{- if regexMatch "^[0-9.]+$" $text -}}
{{- fail (printf "%s is %s, without a unit: expected a duration such as %ss, %sms, or 0" .key $text $text $text) -}}
{{- end -}}
{{- if not (regexMatch "^[0-9]{1,9}(\\.[0-9]{1,9})?(ms|s|m|h)$" $text) -}}
{{- fail (printf "%s: %q is not a duration such as 250ms, 5s or 2m" .key $text) -}}
{{- end -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) (regexFind "[a-z]+$" $text) -}}
{{- $ms := round (mulf (regexFind "^[0-9.]+" $text) $factor) 0 | int64 -}}
{{- if gt $ms 86400000 -}}
{{- fail (printf "%s: %q is more than 24h" .key $text) -}}
{{- end -}}
{{- $ms -}}
{{- end -}}
{{- end -}}

{{/* "10 s" of milliseconds, for sentences. */}}
{{- define "service.s" -}}
{{- printf "%v s" (divf . 1000) -}}
{{- end -}}

{{/* "1.5s" of milliseconds, for the service. */}}
{{- define "service.duration" -}}
{{- printf "%vs" (divf . 1000) -}}
{{- end -}}

{{/*
Everything that follows from .Values.shutdown, as JSON, or the sentence that says why it can't work.

{window, quiet, windowMax, drain, cleanup, scrapeWait} in ms (drain is -1 for "none"), texts of the same names as the
service reads them, preStop, sidecars, grace (the pod's) and processGrace in seconds, given: what _platform-grace.tpl
took, sum as people read it. The service's budget.ts has the same sum for the process, and a test feeds both the same
numbers.
*/}}
{{- define "service.shutdown" -}}
{{- $v := .Values.shutdown -}}
{{- $texts := dict "window" (toString $v.window) "drain" (toString $v.drainTimeout) "cleanup" (toString $v.cleanupTimeout) "scrapeWait" (toString $v.scrapeWait) -}}
{{- $window := include "service.ms" (dict "key" "shutdown.window" "value" $v.window) | int64 -}}
{{- $quiet := include "service.ms" (dict "key" "shutdown.quietPeriod" "value" $v.quietPeriod) | int64 -}}
{{- $windowMaxText := toString $v.windowMax -}}
{{- if not $windowMaxText -}}
{{- $windowMaxText = ternary (toString $v.window) "10s" (gt $window 10000) -}}
{{- end -}}
{{- $_ := set $texts "windowMax" $windowMaxText -}}
{{- $windowMax := include "service.ms" (dict "key" "shutdown.windowMax" "value" $windowMaxText) | int64 -}}
{{- $unlimited := eq (toString $v.drainTimeout) "none" -}}
{{- $drain := -1 -}}
{{- if not $unlimited -}}
{{- $drain = include "service.ms" (dict "key" "shutdown.drainTimeout" "value" $v.drainTimeout) | int64 -}}
{{- end -}}
{{- $cleanup := include "service.ms" (dict "key" "shutdown.cleanupTimeout" "value" $v.cleanupTimeout) | int64 -}}
{{- $scrapeWait := include "service.ms" (dict "key" "shutdown.scrapeWait" "value" $v.scrapeWait) | int64 -}}
{{- $minIdle := include "service.ms" (dict "key" "shutdown.keepAliveMinIdle" "value" $v.keepAliveMinIdle) | int64 -}}
{{- $preStop := include "service.preStop" . | int64 -}}
{{- $sidecars := include "service.sidecarSeconds" . | int64 -}}

{{- if lt $windowMax $window -}}
{{- fail (printf "shutdown.windowMax is %s, below shutdown.window, which is %s: the window can't end before its least time; raise windowMax or leave it empty" $windowMaxText (toString $v.window)) -}}
{{- end -}}
{{- $period := int64 .Values.probes.readiness.periodSeconds -}}
{{- if and (eq $v.readiness "fail") (gt (mul $period 1000) $window) -}}
{{- fail (printf "probes.readiness.periodSeconds is %d, longer than shutdown.window, which is %s: the window could be over before the readiness probe has failed once; probe more often, lengthen the window, or set shutdown.readiness to pass if nobody watches it" $period (toString $v.window)) -}}
{{- end -}}

{{- $given := list -}}
{{- $planned := not (kindIs "invalid" $v.platformGraceSeconds) -}}
{{- if $planned -}}
{{- if $unlimited -}}
{{- fail "shutdown.drainTimeout is none, which can't be planned into shutdown.platformGraceSeconds: give it a number, which is then shortened where it has to be" -}}
{{- end -}}
{{- $phases := dict "window" $window "windowMax" $windowMax "drain" $drain "cleanup" $cleanup "scrapeWait" $scrapeWait "minIdle" $minIdle -}}
{{- $plan := include "service.planned" (dict "root" . "phases" (deepCopy $phases) "preStop" $preStop "sidecars" $sidecars) | fromJson -}}
{{- $window = int64 $plan.phases.window -}}
{{- $windowMax = int64 $plan.phases.windowMax -}}
{{- $drain = int64 $plan.phases.drain -}}
{{- $cleanup = int64 $plan.phases.cleanup -}}
{{- $scrapeWait = int64 $plan.phases.scrapeWait -}}
{{- $given = $plan.given -}}
{{- range $phase, $ms := $plan.phases -}}
{{- if ne (int64 $ms) (get $phases $phase) -}}
{{- $_ := set $texts $phase (include "service.duration" $ms) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- $parts := list (printf "preStopSleepSeconds %d s" $preStop) (printf "windowMax %s" (include "service.s" $windowMax)) -}}
{{- if not $unlimited -}}
{{- $parts = append $parts (printf "drainTimeout %s" (include "service.s" $drain)) -}}
{{- end -}}
{{- $parts = concat $parts (list (printf "cleanupTimeout %s" (include "service.s" $cleanup)) (printf "scrapeWait %s" (include "service.s" $scrapeWait)) "2 s kept free") -}}
{{- if gt $sidecars 0 -}}
{{- $parts = append $parts (printf "sidecarSeconds %d s" $sidecars) -}}
{{- end -}}
{{- $sum := join " + " $parts -}}
{{- $neededMs := add (mul (add $preStop $sidecars) 1000) $windowMax (max $drain 0) $cleanup $scrapeWait 2000 -}}
{{- $needed := div (add $neededMs 999) 1000 -}}
{{- $grace := $needed -}}
{{- if not (kindIs "invalid" $v.terminationGracePeriodSeconds) -}}
{{- $grace = int64 $v.terminationGracePeriodSeconds -}}
{{- if and $unlimited (le (mul $grace 1000) $neededMs) -}}
{{- fail (printf "shutdown.terminationGracePeriodSeconds is %d, which leaves no time to drain: with drainTimeout none it must exceed %v s = %s" $grace (divf $neededMs 1000) $sum) -}}
{{- else if lt $grace $needed -}}
{{- $instead := ternary "" (printf "; if the platform gives no more, set shutdown.platformGraceSeconds to %d instead, and the phases are shortened until they fit" $grace) $planned -}}
{{- fail (printf "shutdown.terminationGracePeriodSeconds is %d, but the shutdown may take %v s = %s: raise it to %d, or leave it unset and it is derived%s" $grace (divf $neededMs 1000) $sum $needed $instead) -}}
{{- end -}}
{{- else if $unlimited -}}
{{- fail (printf "shutdown.drainTimeout is none, so no grace period follows from the numbers: set shutdown.terminationGracePeriodSeconds to more than %v s = %s; what it has beyond that is the time to drain" (divf $neededMs 1000) $sum) -}}
{{- end -}}
{{/* The process has to be gone earlier than the pod where the platform ends that early, and where sidecars end after it. */}}
{{- $ends := ternary (min $grace (int64 $v.platformGraceSeconds)) $grace $planned -}}
{{- $processGrace := sub $ends (add $preStop $sidecars) -}}

{{- dict "window" $window "quiet" $quiet "windowMax" $windowMax "drain" $drain "cleanup" $cleanup "scrapeWait" $scrapeWait "texts" $texts "preStop" $preStop "sidecars" $sidecars "grace" $grace "processGrace" $processGrace "given" $given "sum" $sum | toJson -}}
{{- end -}}

{{/*
Seconds that end after the service and before SIGKILL: native sidecars get their SIGTERM when the service has exited. The
chart counts those in initContainers; what a webhook injects it can't see, and the number is given by hand.
*/}}
{{- define "service.sidecarSeconds" -}}
{{- $seconds := .Values.shutdown.sidecarSeconds -}}
{{- if kindIs "invalid" $seconds -}}
{{- $seconds = 0 -}}
{{- range .Values.initContainers -}}
{{- if eq (default "" .restartPolicy) "Always" -}}
{{- $seconds = 5 -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- int64 $seconds -}}
{{- end -}}
